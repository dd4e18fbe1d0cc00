package dev.resumablews.internal.handshake;

import java.util.List;

import org.jspecify.annotations.Nullable;

import org.springframework.http.HttpHeaders;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.util.StringUtils;

/**
 * Strategy that finds the token of a client at one place of its handshake.
 */
@FunctionalInterface
interface TokenSource {

	/**
	 * Finds the token.
	 * @param request the handshake
	 * @return the unverified token; null if there is none
	 */
	@Nullable String find(ServerHttpRequest request);

	/**
	 * Returns the source that reads the {@code Authorization: Bearer} header.
	 * @return the source
	 */
	static TokenSource header() {
		return (request) -> values(request, HttpHeaders.AUTHORIZATION, null, "Bearer ", true);
	}

	/**
	 * Returns the source that reads an entry {@code jwt-<token>} of the {@code
	 * Sec-WebSocket-Protocol} header, the only header that a script of a page can set.
	 * @return the source
	 */
	static TokenSource subprotocol() {
		return (request) -> values(request, "Sec-WebSocket-Protocol", ",", "jwt-", false);
	}

	/**
	 * Returns the source that reads a cookie.
	 * @param name the cookie's name
	 * @return the source
	 */
	static TokenSource cookie(String name) {
		return (request) -> {
			String value = values(request, HttpHeaders.COOKIE, ";", name + "=", false);
			return (value != null)
					? notEmpty(StringUtils.trimTrailingCharacter(StringUtils.trimLeadingCharacter(value, '"'), '"'))
					: null;
		};
	}

	/**
	 * Returns the source that reads the query parameter {@code token}, or else
	 * {@code jwt}.
	 * @return the source
	 */
	static TokenSource query() {
		return (request) -> {
			QueryParameters parameters = QueryParameters.of(request);
			try {
				String token = parameters.first("token");
				return (token != null) ? token : parameters.first("jwt");
			}
			catch (IllegalArgumentException ex) {
				// a malformed escape sequence cannot be part of a token
				return null;
			}
		};
	}

	/**
	 * Returns the source for the first message of a client whose handshake had no token.
	 * @return the source
	 */
	static TokenSource message() {
		return (request) -> (request instanceof FirstMessageRequest first) ? first.token() : null;
	}

	private static @Nullable String values(ServerHttpRequest request, String header, @Nullable String separator,
			String prefix, boolean ignoreCase) {
		for (String line : request.getHeaders().getOrDefault(header, List.of())) {
			for (String entry : (separator != null) ? line.split(separator) : new String[] { line }) {
				String value = entry.strip();
				if (value.regionMatches(ignoreCase, 0, prefix, 0, prefix.length())) {
					String token = notEmpty(value.substring(prefix.length()).strip());
					if (token != null) {
						return token;
					}
				}
			}
		}
		return null;
	}

	private static @Nullable String notEmpty(String value) {
		return value.isEmpty() ? null : value;
	}

}
