package dev.resumablews.internal.handshake;

import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.util.CollectionUtils;

/**
 * Explains to operators why a page was rejected: its origin, the origins it was compared
 * to, and the setting of the application or of a proxy that is probably missing.
 */
final class RejectedOrigin {

	private static final int MAX_LENGTH = 200;

	private static final List<String> FORWARDED = List.of("Forwarded", "X-Forwarded-Proto", "X-Forwarded-Host",
			"X-Forwarded-Port");

	private RejectedOrigin() {
	}

	static String explain(ServerHttpRequest request, boolean comparedToSelf, @Nullable List<String> patterns) {
		String origin = request.getHeaders().getOrigin();
		List<String> compared = new ArrayList<>();
		if (comparedToSelf) {
			compared.add("the server's own origin (%s)".formatted(self(request)));
		}
		if (!CollectionUtils.isEmpty(patterns)) {
			compared.add("resumable-ws.allowed-origins (%s)".formatted(String.join(", ", patterns)));
		}
		return "A page may not connect: %s does not match %s. %s".formatted(
				(origin != null) ? "its origin " + printable(origin)
						: "the page, which sent cookies without an origin,",
				String.join(" and ", compared), remedy(request, origin, comparedToSelf));
	}

	private static String remedy(ServerHttpRequest request, @Nullable String origin, boolean comparedToSelf) {
		String allow = "If the page is one of yours, add its origin to resumable-ws.allowed-origins";
		if (!comparedToSelf || origin == null) {
			return allow;
		}
		boolean forwarded = FORWARDED.stream().anyMatch(request.getHeaders()::containsHeader);
		if (forwarded) {
			return "The request has proxy headers (%s), which are probably ignored: set server.forward-headers-strategy=framework. Otherwise: %s"
				.formatted(String.join(", ", FORWARDED.stream().filter(request.getHeaders()::containsHeader).toList()),
						allow);
		}
		return "If this is the same server behind a proxy, let the proxy send X-Forwarded-Proto and X-Forwarded-Host (or the Host that it received; nginx sends another one by default) and set server.forward-headers-strategy=framework. Otherwise: "
				+ allow;
	}

	private static String self(ServerHttpRequest request) {
		String scheme;
		String host;
		int port;
		if (request instanceof ServletServerHttpRequest servlet) {
			HttpServletRequest raw = servlet.getServletRequest();
			scheme = raw.getScheme();
			host = raw.getServerName();
			port = raw.getServerPort();
		}
		else {
			URI uri = request.getURI();
			scheme = uri.getScheme();
			host = uri.getHost();
			port = uri.getPort();
		}
		boolean implied = port < 0 || Stream.of("http:80", "https:443").anyMatch((scheme + ":" + port)::equals);
		return printable(scheme + "://" + host + (implied ? "" : ":" + port));
	}

	/**
	 * Returns a text of the client without characters that could forge log lines.
	 */
	private static String printable(String value) {
		String shortened = (value.length() > MAX_LENGTH) ? value.substring(0, MAX_LENGTH) + "..." : value;
		return shortened.replaceAll("[^\\x21-\\x7e]", "?");
	}

}
