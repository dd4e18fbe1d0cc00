package dev.resumablews;

/**
 * How a client is connected.
 */
public enum ClientTransport {

	/**
	 * By a WebSocket.
	 */
	WEBSOCKET,

	/**
	 * By server-sent events.
	 */
	SSE,

	/**
	 * By a request that ends when it was answered. A client that polls connects and
	 * disconnects with each request.
	 */
	LONG_POLL

}
