package dev.resumablews;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import static dev.resumablews.PropertyRules.require;

/**
 * An entry of {@code resumable-ws.allowed-origins}. Browsers write an origin in lower
 * case, without a path, and without a port that the scheme implies; a pattern that is
 * written otherwise would match no page.
 */
final class AllowedOrigin {

	private static final Pattern ORIGIN = Pattern.compile("(?<scheme>[a-z*][a-z0-9+.*-]*)://(?<host>[^/?#\\s@]+)/?");

	private static final Pattern ANY_SCHEME = Pattern.compile("\\*[^/?#\\s@]*");

	private AllowedOrigin() {
	}

	/**
	 * Returns a pattern as browsers would write the origins that it matches.
	 * @throws IllegalArgumentException if it can never match
	 */
	static String normalize(String pattern) {
		String value = pattern.strip().toLowerCase(Locale.ROOT);
		require(StandardCharsets.US_ASCII.newEncoder().canEncode(value), "allowed-origins", pattern,
				"written in ASCII, as browsers do: 'xn--...' for a host with other letters");
		if (value.equals("self") || value.equals("null") || ANY_SCHEME.matcher(value).matches()) {
			return value;
		}
		Matcher origin = ORIGIN.matcher(value);
		require(origin.matches(), "allowed-origins", pattern,
				"origins, of a scheme and a host without a path, such as 'https://%s', or 'self'"
					.formatted(host(value)));
		return origin.group("scheme") + "://" + withoutDefaultPort(origin.group("scheme"), origin.group("host"));
	}

	private static String withoutDefaultPort(String scheme, String host) {
		String port = switch (scheme) {
			case "https" -> ":443";
			case "http" -> ":80";
			default -> "";
		};
		return (!port.isEmpty() && host.endsWith(port)) ? host.substring(0, host.length() - port.length()) : host;
	}

	/**
	 * Returns what is probably meant to be the host.
	 */
	private static String host(String value) {
		String host = value.replaceFirst("^[^/]*:?//", "").replaceFirst("[/?#\\s].*$", "").replaceFirst("^.*@", "");
		return host.isEmpty() ? "www.example.com" : host;
	}

}
