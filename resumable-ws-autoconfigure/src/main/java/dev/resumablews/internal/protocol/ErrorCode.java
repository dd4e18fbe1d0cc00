package dev.resumablews.internal.protocol;

import java.util.Locale;

import dev.resumablews.MessageForbiddenException;
import dev.resumablews.MessageRejectedException;

/**
 * Reasons for rejecting a client message.
 */
public enum ErrorCode {

	/**
	 * Not a JSON object with a {@code type}.
	 */
	MALFORMED,

	/**
	 * A field is missing or has the wrong type, or the application rejects the message.
	 */
	INVALID,

	/**
	 * The message's type has no handler.
	 */
	UNKNOWN_TYPE,

	/**
	 * The message cannot be stored now; the client should send it again later.
	 */
	UNAVAILABLE,

	/**
	 * The user's storage quota is exceeded.
	 */
	QUOTA_EXCEEDED,

	/**
	 * The user has no open session with this id. Only for messages sent without a
	 * connection.
	 */
	UNKNOWN_SESSION,

	/**
	 * The token is invalid or belongs to another user.
	 */
	UNAUTHORIZED,

	/**
	 * The user is not permitted to send the message.
	 */
	FORBIDDEN,

	/**
	 * A handler of the application failed.
	 */
	FAILED;

	/**
	 * Returns the code for a message that the application rejects.
	 */
	public static ErrorCode of(MessageRejectedException rejection) {
		return (rejection instanceof MessageForbiddenException) ? FORBIDDEN : INVALID;
	}

	/**
	 * Returns the code as sent to clients.
	 */
	public String wireName() {
		return name().toLowerCase(Locale.ROOT);
	}

}
