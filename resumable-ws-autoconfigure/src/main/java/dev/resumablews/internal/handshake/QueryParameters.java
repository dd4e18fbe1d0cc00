package dev.resumablews.internal.handshake;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;

import org.jspecify.annotations.Nullable;

import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServletServerHttpRequest;

/**
 * Query parameters of a handshake. They are parsed from the raw query string, because the
 * request's URI lacks it if an escape sequence is malformed.
 */
final class QueryParameters {

	private final String query;

	private QueryParameters(@Nullable String query) {
		this.query = (query != null) ? query : "";
	}

	static QueryParameters of(ServerHttpRequest request) {
		return new QueryParameters((request instanceof ServletServerHttpRequest servletRequest)
				? servletRequest.getServletRequest().getQueryString() : request.getURI().getRawQuery());
	}

	/**
	 * Returns the first value of a parameter.
	 * @param name the parameter
	 * @return its value; null if it is absent or empty
	 * @throws IllegalArgumentException if the value contains a malformed escape sequence
	 */
	@Nullable String first(String name) {
		for (String parameter : this.query.split("&")) {
			int equals = parameter.indexOf('=');
			if (equals > 0 && parameter.substring(0, equals).equals(name)) {
				String value = URLDecoder.decode(parameter.substring(equals + 1), StandardCharsets.UTF_8);
				return value.isEmpty() ? null : value;
			}
		}
		return null;
	}

}
