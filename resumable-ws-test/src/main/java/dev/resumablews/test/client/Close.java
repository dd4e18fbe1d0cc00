package dev.resumablews.test.client;

/**
 * The end of a connection.
 *
 * @param code the server's close code; 1005 if its close frame had none, 1006 if there
 * was no close frame
 * @param reason the server's reason, or a description of what ended the connection if
 * there was no close frame; may be empty
 */
public record Close(int code, String reason) {

	/**
	 * Code of a connection that ended without a close frame.
	 */
	public static final int NO_CLOSE_FRAME = 1006;

}
