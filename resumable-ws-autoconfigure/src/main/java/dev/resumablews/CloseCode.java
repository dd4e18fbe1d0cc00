package dev.resumablews;

/**
 * Close codes of the library, and whether a client is expected to reconnect. Codes below
 * 4000 are defined by RFC 6455, section 7.4.1.
 */
public enum CloseCode {

	/**
	 * The application closed the session.
	 */
	DONE(1000, false),

	/**
	 * A binary frame was received.
	 */
	BINARY_NOT_SUPPORTED(1003, false),

	/**
	 * A text frame was not valid UTF-8.
	 */
	INVALID_UTF8(1007, false),

	/**
	 * A message was larger than {@code resumable-ws.connection.max-message-size}.
	 */
	MESSAGE_TOO_BIG(1009, false),

	/**
	 * An unexpected error of the server.
	 */
	INTERNAL_ERROR(1011, true),

	/**
	 * The server restarts, or the connection reached its maximum lifetime.
	 */
	RESTART(1012, true),

	/**
	 * The client accepted no data for {@code resumable-ws.connection.send-timeout}, or
	 * the server is temporarily unable to serve it.
	 */
	TRY_AGAIN_LATER(1013, true),

	/**
	 * Too many malformed messages in a row.
	 */
	MALFORMED_MESSAGES(4400, false),

	/**
	 * The token expired or was revoked.
	 */
	UNAUTHORIZED(4401, true),

	/**
	 * The client sent nothing for {@code resumable-ws.connection.heartbeat-timeout}.
	 */
	HEARTBEAT_MISSED(4408, true),

	/**
	 * The session has more connections than allowed; the oldest one is closed.
	 */
	SUPERSEDED(4409, false),

	/**
	 * The user exceeded a limit of {@code resumable-ws.user}: too many messages, too
	 * large messages or too many sessions.
	 */
	RATE_LIMITED(4429, true);

	private final int code;

	private final boolean reconnect;

	CloseCode(int code, boolean reconnect) {
		this.code = code;
		this.reconnect = reconnect;
	}

	/**
	 * Returns the number sent in the close frame.
	 * @return the close code, from 1000 to 4999
	 */
	public int code() {
		return this.code;
	}

	/**
	 * Returns whether clients are expected to reconnect automatically.
	 * @return whether to reconnect
	 */
	public boolean reconnect() {
		return this.reconnect;
	}

}
