package dev.resumablews.benchmarks.server;

import java.util.Map;
import java.util.Objects;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpStatus;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.util.MultiValueMap;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;
import org.springframework.web.util.UriComponentsBuilder;

/**
 * Verifies the recipe's tokens.
 */
final class RecipeHandshake implements HandshakeInterceptor {

	private final JwtDecoder decoder;

	RecipeHandshake(JwtDecoder decoder) {
		this.decoder = decoder;
	}

	@Override
	public boolean beforeHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			Map<String, Object> attributes) {
		MultiValueMap<String, String> query = UriComponentsBuilder.fromUri(request.getURI()).build().getQueryParams();
		try {
			String token = Objects.requireNonNullElse(query.getFirst("token"), "");
			attributes.put(RecipeHandler.USER, this.decoder.decode(token).getSubject());
		}
		catch (JwtException ex) {
			response.setStatusCode(HttpStatus.UNAUTHORIZED);
			return false;
		}
		String sessionId = query.getFirst("sessionId");
		if (sessionId != null) {
			attributes.put(RecipeHandler.SESSION, UUID.fromString(sessionId));
		}
		attributes.put(RecipeHandler.LAST_EVENT,
				Long.valueOf(Objects.requireNonNullElse(query.getFirst("lastEventId"), "0")));
		return true;
	}

	@Override
	public void afterHandshake(ServerHttpRequest request, ServerHttpResponse response, WebSocketHandler handler,
			@Nullable Exception exception) {
	}

}
