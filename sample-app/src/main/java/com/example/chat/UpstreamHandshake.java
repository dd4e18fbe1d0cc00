package com.example.chat;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;

/**
 * Accepts a WebSocket to the upstream only from this machine, from a program other than a
 * browser, and with the secret. Safe for use by many threads.
 */
final class UpstreamHandshake implements HandshakeInterceptor {

	/**
	 * Header with the user for whom the relay connects.
	 */
	static final String USER = "X-User-Id";

	private final ThisMachine thisMachine;

	private final byte[] authorization;

	UpstreamHandshake(ThisMachine thisMachine, String secret) {
		this.thisMachine = thisMachine;
		this.authorization = bytes("Bearer " + secret);
	}

	@Override
	public boolean beforeHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			Map<String, Object> attributes) {
		HttpStatus refusal = refusal((ServletServerHttpRequest) request);
		if (refusal != null) {
			response.setStatusCode(refusal);
			return false;
		}
		String user = request.getHeaders().getFirst(USER);
		attributes.put(USER, (user != null) ? user : "unknown");
		return true;
	}

	private @Nullable HttpStatus refusal(ServletServerHttpRequest request) {
		HttpHeaders headers = request.getHeaders();
		// all browsers send an origin
		if (headers.containsHeader(HttpHeaders.ORIGIN) || !this.thisMachine.sent(request.getServletRequest())) {
			return HttpStatus.FORBIDDEN;
		}
		String sent = headers.getFirst(HttpHeaders.AUTHORIZATION);
		return (sent != null && MessageDigest.isEqual(bytes(sent), this.authorization)) ? null
				: HttpStatus.UNAUTHORIZED;
	}

	@Override
	public void afterHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			@Nullable Exception exception) {
	}

	static String userOf(Map<String, Object> attributes) {
		return (String) attributes.get(USER);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

}
