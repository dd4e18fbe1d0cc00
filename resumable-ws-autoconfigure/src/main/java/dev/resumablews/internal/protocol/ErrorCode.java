package dev.resumablews.internal.protocol;

import java.util.Locale;

/**
 * Why a client message was not accepted.
 */
public enum ErrorCode {

	/**
	 * It is not a JSON object with a {@code type}.
	 */
	MALFORMED,

	/**
	 * A field is missing or of the wrong type, or the application does not accept it.
	 */
	INVALID,

	/**
	 * Nobody handles its type.
	 */
	UNKNOWN_TYPE,

	/**
	 * It cannot be stored right now; to be sent again later.
	 */
	UNAVAILABLE,

	/**
	 * There is no room for it in what may be stored for the user.
	 */
	QUOTA_EXCEEDED,

	/**
	 * There is no such open session of the user. Only for messages without a connection.
	 */
	UNKNOWN_SESSION,

	/**
	 * The token is not valid, or another user's.
	 */
	UNAUTHORIZED,

	/**
	 * The application failed to handle it.
	 */
	FAILED;

	String wireName() {
		return name().toLowerCase(Locale.ROOT);
	}

}
