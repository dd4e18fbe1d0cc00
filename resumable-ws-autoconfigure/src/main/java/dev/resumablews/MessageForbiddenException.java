package dev.resumablews;

/**
 * Thrown by a handler when the user is not allowed to send a message. The exception
 * message is sent to the client, so it must not contain anything confidential. Spring
 * Security's {@code AccessDeniedException} is translated to this exception.
 */
public class MessageForbiddenException extends MessageRejectedException {

	private static final long serialVersionUID = 1;

	public MessageForbiddenException(String message) {
		super(message);
	}

	public MessageForbiddenException(String message, Throwable cause) {
		super(message, cause);
	}

}
