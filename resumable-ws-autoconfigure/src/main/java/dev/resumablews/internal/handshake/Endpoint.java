package dev.resumablews.internal.handshake;

/**
 * Endpoint that a request is for. The {@link HandshakeGate} checks the requests of all
 * endpoints in the same way.
 */
public enum Endpoint {

	/**
	 * A connection over a WebSocket.
	 */
	WEBSOCKET(""),

	/**
	 * A connection over server-sent events or long polling.
	 */
	EVENTS("/sse"),

	/**
	 * Messages that are sent without a connection, and their answers.
	 */
	MESSAGES("/messages");

	private final String suffix;

	Endpoint(String suffix) {
		this.suffix = suffix;
	}

	/**
	 * Returns the path of this endpoint.
	 * @param path the path of the WebSocket
	 * @return the path of this endpoint
	 */
	public String path(String path) {
		return path + this.suffix;
	}

}
