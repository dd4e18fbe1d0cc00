package dev.resumablews;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import static dev.resumablews.PropertyRules.require;

/**
 * Normalizes entries of {@code resumable-ws.allowed-origins}. Browsers send origins in
 * lower case, without a path and without the scheme's default port, so a pattern in any
 * other form would never match.
 */
final class AllowedOrigin {

	private static final Pattern ORIGIN = Pattern.compile("(?<scheme>[a-z*][a-z0-9+.*-]*)://(?<host>[^/?#\\s@]+)/?");

	private static final Pattern ANY_SCHEME = Pattern.compile("\\*[^/?#\\s@]*");

	private AllowedOrigin() {
	}

	/**
	 * Returns a pattern in the form in which browsers send origins.
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
	 * Returns the part that is probably the host, for the error message.
	 */
	private static String host(String value) {
		String host = value.replaceFirst("^[^/]*:?//", "").replaceFirst("[/?#\\s].*$", "").replaceFirst("^.*@", "");
		return host.isEmpty() ? "www.example.com" : host;
	}

}
