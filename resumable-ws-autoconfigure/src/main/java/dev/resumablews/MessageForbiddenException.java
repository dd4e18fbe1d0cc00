package dev.resumablews;

/**
 * A user may not send a message. Its text is sent to the client, so it must hold nothing
 * that the client should not know. What Spring Security's {@code AccessDeniedException}
 * in a handler becomes.
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
