package dev.resumablews.internal.websocket;

import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;

/**
 * Records the start of a handshake before its token is read, so that a token revoked
 * during its verification is rejected. Stateless.
 */
final class HandshakeTime implements HandshakeInterceptor {

	private static final String ATTRIBUTE = HandshakeTime.class.getName();

	/**
	 * Returns the start of a connection's handshake.
	 * @param attributes attributes of the WebSocket session
	 * @return the time as a {@link System#nanoTime()}
	 */
	static long of(Map<String, Object> attributes) {
		return (attributes.get(ATTRIBUTE) instanceof Long began) ? began : System.nanoTime();
	}

	@Override
	public boolean beforeHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			Map<String, Object> attributes) {
		attributes.put(ATTRIBUTE, System.nanoTime());
		return true;
	}

	@Override
	public void afterHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			@Nullable Exception exception) {
	}

}
