package dev.resumablews;

/**
 * Thrown by a handler to reject a client message permanently. The exception message is
 * sent to the client, so it must not contain anything confidential.
 */
public class MessageRejectedException extends RuntimeException {

	private static final long serialVersionUID = 1;

	public MessageRejectedException(String message) {
		super(message);
	}

	public MessageRejectedException(String message, Throwable cause) {
		super(message, cause);
	}

}
