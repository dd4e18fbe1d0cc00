package dev.resumablews.internal.handshake;

import java.util.List;

import org.springframework.http.server.ServerHttpRequest;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.util.WebUtils;

/**
 * The pages that may connect: those of the same origin as the endpoint, as seen after
 * forwarded headers, and those whose origin matches a pattern. Browsers do not keep a
 * foreign page from opening a WebSocket with the user's cookies, so the server must. A
 * request without an origin does not come from a browser.
 */
final class OriginPolicy {

	private final CorsConfiguration allowed = new CorsConfiguration();

	OriginPolicy(List<String> allowedPatterns) {
		this.allowed.setAllowedOriginPatterns(allowedPatterns);
	}

	boolean allows(ServerHttpRequest request) {
		String origin = request.getHeaders().getOrigin();
		return origin == null || isSame(request) || this.allowed.checkOrigin(origin) != null;
	}

	private static boolean isSame(ServerHttpRequest request) {
		try {
			return WebUtils.isSameOrigin(request);
		}
		catch (IllegalArgumentException ex) {
			// the header is not an origin at all
			return false;
		}
	}

}
