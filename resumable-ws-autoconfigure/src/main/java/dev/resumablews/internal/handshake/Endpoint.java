package dev.resumablews.internal.handshake;

/**
 * What a request asks for. All that may be asked for is checked in the same way, by the
 * {@link HandshakeGate}.
 */
public enum Endpoint {

	/**
	 * A connection over a WebSocket.
	 */
	WEBSOCKET,

	/**
	 * A connection over server-sent events, or a long poll.
	 */
	EVENTS,

	/**
	 * The answers to messages, without a connection.
	 */
	MESSAGES

}
