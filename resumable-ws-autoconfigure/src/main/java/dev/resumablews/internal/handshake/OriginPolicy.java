package dev.resumablews.internal.handshake;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.springframework.http.server.ServerHttpRequest;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.util.WebUtils;

/**
 * The pages that may connect. Browsers do not keep a foreign page from opening a
 * WebSocket with the user's cookies, so the server must. A request without an origin does
 * not come from a browser.
 * <p>
 * A list of patterns is the whole truth: the origin of the endpoint itself, as seen after
 * forwarded headers, is allowed only if the list is empty or contains {@value #SELF}. It
 * is what the {@code Host} header says, which an attacker chooses who makes a name of
 * theirs resolve to the server's address (DNS rebinding).
 */
final class OriginPolicy {

	/**
	 * Stands for the origin of the endpoint, as in a content security policy.
	 */
	static final String SELF = "self";

	/**
	 * A host that no application names.
	 */
	private static final String SOME_HOST = "some-host.resumable-ws.invalid";

	private static final Pattern PORT = Pattern.compile(":\\[?(\\d+)");

	private final CorsConfiguration allowed = new CorsConfiguration();

	private final boolean allowsSelf;

	OriginPolicy(List<String> allowedPatterns) {
		List<String> patterns = new ArrayList<>(allowedPatterns);
		this.allowsSelf = patterns.remove(SELF) || patterns.isEmpty();
		patterns.removeIf(SELF::equals);
		this.allowed.setAllowedOriginPatterns(patterns);
	}

	/**
	 * Returns whether a pattern allows pages of any host.
	 * @param pattern the pattern
	 * @return {@code true} for {@code *}, {@code https://*} and the like
	 */
	static boolean isAnyHost(String pattern) {
		CorsConfiguration allowed = new CorsConfiguration();
		allowed.setAllowedOriginPatterns(List.of(pattern));
		Matcher port = PORT.matcher(pattern);
		String origin = "://" + SOME_HOST + (port.find() ? ":" + port.group(1) : "");
		return allowed.checkOrigin("https" + origin) != null || allowed.checkOrigin("http" + origin) != null;
	}

	boolean allows(ServerHttpRequest request) {
		String origin = request.getHeaders().getOrigin();
		return origin == null || (this.allowsSelf && isSame(request)) || this.allowed.checkOrigin(origin) != null;
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
