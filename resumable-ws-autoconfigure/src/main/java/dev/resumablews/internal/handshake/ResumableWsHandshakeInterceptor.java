package dev.resumablews.internal.handshake;

import java.io.IOException;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.http.server.ServletServerHttpResponse;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;

/**
 * Lets a request become a WebSocket if the {@link HandshakeGate} accepts it, and leaves
 * its {@link Handshake} in the attributes. Thread-safe.
 */
final class ResumableWsHandshakeInterceptor implements HandshakeInterceptor {

	/**
	 * Name of the request's attribute that holds the user who was admitted.
	 */
	private static final String ADMITTED = ResumableWsHandshakeInterceptor.class.getName() + ".admitted";

	private final HandshakeGate gate;

	ResumableWsHandshakeInterceptor(HandshakeGate gate) {
		this.gate = gate;
	}

	@Override
	public boolean beforeHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			Map<String, Object> attributes) throws IOException {
		try {
			Handshake handshake = this.gate.accept(request, Endpoint.WEBSOCKET);
			attributes.put(Handshake.ATTRIBUTE, handshake);
			if (request instanceof ServletServerHttpRequest servlet) {
				servlet.getServletRequest().setAttribute(ADMITTED, handshake.user().userId());
			}
			return true;
		}
		catch (HandshakeRefusedException ex) {
			ex.rejection().writeTo(response);
			return false;
		}
	}

	@Override
	public void afterHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			@Nullable Exception exception) {
		if (request instanceof ServletServerHttpRequest servlet
				&& servlet.getServletRequest().getAttribute(ADMITTED) instanceof String userId
				&& (exception != null || !isUpgraded(response))) {
			this.gate.cancel(userId);
		}
	}

	private static boolean isUpgraded(ServerHttpResponse response) {
		return !(response instanceof ServletServerHttpResponse servlet)
				|| servlet.getServletResponse().getStatus() == HttpStatus.SWITCHING_PROTOCOLS.value();
	}

}
