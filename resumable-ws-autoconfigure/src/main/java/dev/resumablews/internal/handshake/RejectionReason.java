package dev.resumablews.internal.handshake;

import java.util.Locale;

import org.springframework.http.HttpStatus;

/**
 * Reasons for the rejection of a handshake. Each has a word for security events, which
 * never depends on client input.
 */
public enum RejectionReason {

	/**
	 * The request does not suit the endpoint, or a parameter is malformed.
	 */
	MALFORMED(HttpStatus.BAD_REQUEST),

	/**
	 * The address has sent too many handshakes.
	 */
	HANDSHAKES_PER_ADDRESS(HttpStatus.TOO_MANY_REQUESTS),

	/**
	 * The page's origin is not allowed.
	 */
	ORIGIN(HttpStatus.FORBIDDEN),

	/**
	 * The token is missing or not accepted.
	 */
	TOKEN(HttpStatus.UNAUTHORIZED),

	/**
	 * The first message of an unauthenticated client does not hold a token.
	 */
	FIRST_MESSAGE(HttpStatus.UNAUTHORIZED),

	/**
	 * The first message did not arrive in time.
	 */
	FIRST_MESSAGE_TIMEOUT(HttpStatus.UNAUTHORIZED),

	/**
	 * The address has too many unauthenticated WebSockets.
	 */
	MAX_UNAUTHENTICATED_PER_ADDRESS(HttpStatus.TOO_MANY_REQUESTS),

	/**
	 * The node has too many unauthenticated WebSockets.
	 */
	MAX_UNAUTHENTICATED(HttpStatus.SERVICE_UNAVAILABLE),

	/**
	 * The client cannot be authenticated at the moment.
	 */
	AUTHENTICATION_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),

	/**
	 * The user has too many connections.
	 */
	MAX_PER_USER(HttpStatus.TOO_MANY_REQUESTS),

	/**
	 * The user has sent too many handshakes.
	 */
	HANDSHAKES_RATE(HttpStatus.TOO_MANY_REQUESTS),

	/**
	 * The node has too many connections.
	 */
	MAX_TOTAL(HttpStatus.SERVICE_UNAVAILABLE),

	/**
	 * Too many connections of the node wait for their session to open.
	 */
	MAX_OPENING(HttpStatus.SERVICE_UNAVAILABLE),

	/**
	 * The node is shutting down.
	 */
	SHUTTING_DOWN(HttpStatus.SERVICE_UNAVAILABLE);

	private final HttpStatus status;

	private final String word;

	RejectionReason(HttpStatus status) {
		this.status = status;
		this.word = name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Returns the status of the response.
	 * @return the status
	 */
	public HttpStatus status() {
		return this.status;
	}

	/**
	 * Returns the name of the reason in security events.
	 * @return lower-case letters and underscores, such as {@code max_per_user}
	 */
	public String word() {
		return this.word;
	}

}
