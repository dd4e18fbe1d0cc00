package dev.resumablews.internal.protocol;

import java.util.Locale;

import dev.resumablews.MessageForbiddenException;
import dev.resumablews.MessageRejectedException;

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
	 * There is no handler for its type.
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
	 * The user may not send it.
	 */
	FORBIDDEN,

	/**
	 * The application failed to handle it.
	 */
	FAILED;

	/**
	 * Returns the code for a message that the application does not accept.
	 */
	public static ErrorCode of(MessageRejectedException rejection) {
		return (rejection instanceof MessageForbiddenException) ? FORBIDDEN : INVALID;
	}

	/**
	 * Returns what clients know the code by.
	 */
	public String wireName() {
		return name().toLowerCase(Locale.ROOT);
	}

}
