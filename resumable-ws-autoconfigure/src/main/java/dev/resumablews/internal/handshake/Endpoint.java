package dev.resumablews.internal.handshake;

/**
 * What a request asks for. All that may be asked for is checked in the same way, by the
 * {@link HandshakeGate}.
 */
public enum Endpoint {

	/**
	 * A connection over a WebSocket.
	 */
	WEBSOCKET(""),

	/**
	 * A connection over server-sent events, or a long poll.
	 */
	EVENTS("/sse"),

	/**
	 * The answers to messages, without a connection.
	 */
	MESSAGES("/messages");

	private final String suffix;

	Endpoint(String suffix) {
		this.suffix = suffix;
	}

	/**
	 * Returns where this endpoint is.
	 * @param path the path of the WebSocket
	 * @return the path of this endpoint
	 */
	public String path(String path) {
		return path + this.suffix;
	}

}
