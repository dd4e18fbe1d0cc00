package com.example.chat;

import java.util.Map;

import dev.resumablews.HandshakeAuthenticationException;
import dev.resumablews.HandshakeAuthenticator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.http.HttpStatus;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.server.HandshakeInterceptor;

/**
 * Accepts a plain WebSocket only with a token that the chat's endpoint also accepts. Safe
 * for use by many threads.
 */
final class PlainHandshake implements HandshakeInterceptor {

	private static final Logger logger = LoggerFactory.getLogger(PlainHandshake.class);

	private static final String USER = PlainHandshake.class.getName() + ".USER";

	private final HandshakeAuthenticator authenticator;

	PlainHandshake(HandshakeAuthenticator authenticator) {
		this.authenticator = authenticator;
	}

	@Override
	public boolean beforeHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			Map<String, Object> attributes) {
		try {
			attributes.put(USER, this.authenticator.authenticate(request).userId());
			return true;
		}
		catch (HandshakeAuthenticationException ex) {
			logger.debug("A plain WebSocket was refused", ex);
			response.setStatusCode(HttpStatus.UNAUTHORIZED);
			return false;
		}
	}

	@Override
	public void afterHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			@Nullable Exception exception) {
	}

	static String userOf(WebSocketSession session) {
		return (String) session.getAttributes().get(USER);
	}

}
