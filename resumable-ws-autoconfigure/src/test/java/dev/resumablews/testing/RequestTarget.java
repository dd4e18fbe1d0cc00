package dev.resumablews.testing;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The target of a request line: a path with a query.
 */
final class RequestTarget {

	private RequestTarget() {
	}

	/**
	 * Returns the target for a URI with further query parameters.
	 * @param uri the URI, which may have a query
	 * @param query the parameters, whose values are encoded
	 * @return the target
	 */
	static String of(URI uri, Map<String, String> query) {
		StringBuilder target = new StringBuilder(uri.getRawPath());
		String separator = "?";
		if (uri.getRawQuery() != null) {
			target.append("?").append(uri.getRawQuery());
			separator = "&";
		}
		for (Map.Entry<String, String> parameter : query.entrySet()) {
			target.append(separator)
				.append(parameter.getKey())
				.append("=")
				.append(URLEncoder.encode(parameter.getValue(), StandardCharsets.UTF_8));
			separator = "&";
		}
		return target.toString();
	}

}
