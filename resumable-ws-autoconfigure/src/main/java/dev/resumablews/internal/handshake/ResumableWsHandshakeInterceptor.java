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
 * Interceptor that upgrades requests which the {@link HandshakeGate} accepts. Stores the
 * {@link Handshake} in the attributes, or the {@link PendingHandshake} if the client
 * authenticates with its first message. Thread-safe.
 */
final class ResumableWsHandshakeInterceptor implements HandshakeInterceptor {

	/**
	 * Name of the request attribute that holds the task which releases the reserved
	 * place.
	 */
	private static final String CANCEL = ResumableWsHandshakeInterceptor.class.getName() + ".cancel";

	private final HandshakeGate gate;

	ResumableWsHandshakeInterceptor(HandshakeGate gate) {
		this.gate = gate;
	}

	@Override
	public boolean beforeHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			Map<String, Object> attributes) throws IOException {
		try {
			AcceptedHandshake accepted = this.gate.acceptWebSocket(request);
			Runnable cancel;
			if (accepted instanceof PendingHandshake pending) {
				attributes.put(PendingHandshake.ATTRIBUTE, pending);
				cancel = () -> this.gate.cancelPending(pending.network());
			}
			else {
				Handshake handshake = (Handshake) accepted;
				attributes.put(Handshake.ATTRIBUTE, handshake);
				cancel = () -> this.gate.cancel(handshake.user().userId());
			}
			if (request instanceof ServletServerHttpRequest servlet) {
				servlet.getServletRequest().setAttribute(CANCEL, cancel);
			}
			return true;
		}
		catch (HandshakeRejectedException ex) {
			ex.rejection().writeTo(response);
			return false;
		}
	}

	@Override
	public void afterHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			@Nullable Exception exception) {
		if (request instanceof ServletServerHttpRequest servlet
				&& servlet.getServletRequest().getAttribute(CANCEL) instanceof Runnable cancel
				&& (exception != null || !isUpgraded(response))) {
			cancel.run();
		}
	}

	private static boolean isUpgraded(ServerHttpResponse response) {
		return !(response instanceof ServletServerHttpResponse servlet)
				|| servlet.getServletResponse().getStatus() == HttpStatus.SWITCHING_PROTOCOLS.value();
	}

}
