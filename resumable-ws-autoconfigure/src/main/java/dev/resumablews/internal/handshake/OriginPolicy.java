package dev.resumablews.internal.handshake;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.springframework.http.HttpHeaders;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.util.WebUtils;

/**
 * Decides which pages may connect. Browsers let any page open a WebSocket with the user's
 * cookies, so the server must check the origin. A WebSocket request without an origin
 * does not come from a browser.
 * <p>
 * If there is a list of patterns, only they apply: the origin of the endpoint itself, as
 * seen after forwarded headers, is allowed only if the list is empty or contains
 * {@value #SELF}. That origin is taken from the {@code Host} header, which an attacker
 * controls who makes their own host name resolve to the server's address (DNS rebinding).
 */
final class OriginPolicy {

	/**
	 * Pattern for the origin of the endpoint, as in a content security policy.
	 */
	static final String SELF = "self";

	/**
	 * Host name that no application configures.
	 */
	private static final String SOME_HOST = "some-host.resumable-ws.invalid";

	private static final Pattern PORT = Pattern.compile(":\\[?(\\d+)");

	private static final Pattern ORIGIN = Pattern.compile(
			"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?|^https?://\\[[0-9a-fA-F:.]+](:[0-9]{1,5})?",
			Pattern.CASE_INSENSITIVE);

	private static final TokenSource BEARER_TOKEN = TokenSource.header();

	private static final Duration PREFLIGHT_AGE = Duration.ofHours(1);

	private final CorsConfiguration allowed = new CorsConfiguration();

	private final CorsConfiguration cors;

	private final boolean allowsSelf;

	OriginPolicy(List<String> allowedPatterns) {
		List<String> patterns = new ArrayList<>(allowedPatterns);
		this.allowsSelf = patterns.remove(SELF) || patterns.isEmpty();
		patterns.removeIf(SELF::equals);
		this.allowed.setAllowedOriginPatterns(patterns);
		this.cors = new CorsConfiguration(this.allowed);
		this.cors.setAllowedMethods(List.of("GET", "POST"));
		this.cors.setAllowedHeaders(List.of("Authorization", "Content-Type", "Last-Event-ID"));
		this.cors.setExposedHeaders(List.of("Retry-After"));
		// if any page may connect, cookies do not prove who sent the request
		this.cors.setAllowCredentials(patterns.stream().noneMatch(OriginPolicy::isAnyHost));
		this.cors.setMaxAge(PREFLIGHT_AGE);
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

	/**
	 * Returns whether a request other than a WebSocket handshake comes from an allowed
	 * page. Unlike for WebSockets, browsers do not always send an origin: for example, a
	 * GET for an image from a foreign page has the user's cookies but no origin, and
	 * neither has that of an {@code EventSource} of the same origin. A request without an
	 * origin is accepted only if one of these holds:
	 * <ol>
	 * <li>it has a bearer token in a header, which browsers never add by themselves,</li>
	 * <li>the browser marks it as coming from the same origin, or, if it has no cookies,
	 * as not sent by a page,</li>
	 * <li>the browser does not mark it (browsers never do without TLS), and it has no
	 * cookies or an allowed page as its referrer.</li>
	 * </ol>
	 */
	boolean allowsOverHttp(ServerHttpRequest request) {
		HttpHeaders headers = request.getHeaders();
		if (headers.getOrigin() != null) {
			return allows(request);
		}
		if (BEARER_TOKEN.find(request) != null) {
			return true;
		}
		boolean cookies = headers.containsHeader(HttpHeaders.COOKIE);
		String site = headers.getFirst("Sec-Fetch-Site");
		if (site != null) {
			return site.equals("same-origin") && this.allowsSelf || site.equals("none") && !cookies;
		}
		return !cookies || isFromAllowedReferrer(request);
	}

	/**
	 * Returns an explanation of a rejection for the log.
	 */
	String explain(ServerHttpRequest request) {
		return RejectedOrigin.explain(request, this.allowsSelf, this.allowed.getAllowedOriginPatterns());
	}

	/**
	 * Returns the CORS configuration for pages of other origins.
	 */
	CorsConfiguration cors() {
		return this.cors;
	}

	private boolean isFromAllowedReferrer(ServerHttpRequest request) {
		String referrer = request.getHeaders().getFirst(HttpHeaders.REFERER);
		Matcher origin = ORIGIN.matcher((referrer != null) ? referrer : "");
		if (!origin.find()) {
			return false;
		}
		try {
			return this.allowed.checkOrigin(origin.group()) != null
					|| this.allowsSelf && isOf(request.getURI(), URI.create(origin.group()));
		}
		catch (IllegalArgumentException ex) {
			// the header does not hold an address
			return false;
		}
	}

	private static boolean isOf(URI own, URI origin) {
		return origin.getScheme().equalsIgnoreCase(own.getScheme()) && origin.getHost() != null
				&& origin.getHost().equalsIgnoreCase(own.getHost()) && port(origin) == port(own);
	}

	private static int port(URI uri) {
		return (uri.getPort() >= 0) ? uri.getPort() : "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
	}

	private static boolean isSame(ServerHttpRequest request) {
		try {
			return WebUtils.isSameOrigin(request);
		}
		catch (IllegalArgumentException ex) {
			// the header does not hold an origin
			return false;
		}
	}

}
