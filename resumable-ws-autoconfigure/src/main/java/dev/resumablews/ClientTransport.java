package dev.resumablews;

/**
 * Transport of a client connection.
 */
public enum ClientTransport {

	/**
	 * WebSocket.
	 */
	WEBSOCKET,

	/**
	 * Server-sent events.
	 */
	SSE,

	/**
	 * Long polling. A polling client connects and disconnects with each request.
	 */
	LONG_POLL

}
