package dev.resumablews.internal.handshake;

import java.util.Locale;

import org.springframework.http.HttpStatus;

/**
 * Why a handshake is rejected. Each reason has a word for security events, which never
 * depends on what the client has sent.
 */
public enum RejectionReason {

	/**
	 * Not what the endpoint takes, or a parameter is malformed.
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
	 * It cannot be told now who the client is.
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
	 * Too many connections of the node wait for their session.
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
	 * Returns the status of the answer.
	 * @return the status
	 */
	public HttpStatus status() {
		return this.status;
	}

	/**
	 * Returns the reason as security events name it.
	 * @return lower-case letters and underscores, such as {@code max_per_user}
	 */
	public String word() {
		return this.word;
	}

}
