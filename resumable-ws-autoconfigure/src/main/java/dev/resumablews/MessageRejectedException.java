package dev.resumablews;

/**
 * A message of a client is not acceptable, and would not be if it were sent again. Its
 * text is sent to the client, so it must hold nothing that the client should not know.
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
