package dev.resumablews.testing;

import java.net.URI;

/**
 * The ways to the server that a conversation may take.
 */
public enum Transport {

	/**
	 * A WebSocket.
	 */
	WEBSOCKET,

	/**
	 * Server-sent events, and requests with messages.
	 */
	SSE,

	/**
	 * Long polls, and requests with messages.
	 */
	LONG_POLL;

	/**
	 * Begins a connection.
	 * @param uri that of the WebSocket endpoint
	 * @return what takes the details
	 */
	public TestClient.Builder to(URI uri) {
		return switch (this) {
			case WEBSOCKET -> RawWebSocketClient.to(uri);
			case SSE -> HttpTestClient.sse(uri);
			case LONG_POLL -> HttpTestClient.longPoll(uri);
		};
	}

}
