package dev.resumablews;

/**
 * The codes this library closes a WebSocket with, and what a client is expected to do.
 * Codes below 4000 are those of RFC 6455, section 7.4.1.
 */
public enum CloseCode {

	/**
	 * The session was closed on purpose.
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
	 * A planned restart, or the end of the connection's maximum lifetime.
	 */
	RESTART(1012, true),

	/**
	 * The client took nothing for {@code resumable-ws.connection.send-timeout}, or the
	 * server cannot serve it right now.
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
	 * Nothing was heard of the client for
	 * {@code resumable-ws.connection.heartbeat-timeout}.
	 */
	HEARTBEAT_MISSED(4408, true),

	/**
	 * More connections to this session than allowed; the oldest is closed.
	 */
	SUPERSEDED(4409, false),

	/**
	 * More messages, larger ones, or more sessions than {@code resumable-ws.user} allows.
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
	 * Returns whether a client is expected to connect again by itself.
	 * @return whether to reconnect
	 */
	public boolean reconnect() {
		return this.reconnect;
	}

}
