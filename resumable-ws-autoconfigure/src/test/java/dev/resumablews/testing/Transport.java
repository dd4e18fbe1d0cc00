package dev.resumablews.testing;

import java.net.URI;

/**
 * The transports of a conversation.
 */
public enum Transport {

	/**
	 * A WebSocket.
	 */
	WEBSOCKET,

	/**
	 * Server-sent events, and one request for each message.
	 */
	SSE,

	/**
	 * Long polling, and one request for each message.
	 */
	LONG_POLL;

	/**
	 * Returns a builder for a client.
	 * @param uri the URI of the WebSocket endpoint
	 * @return a builder
	 */
	public TestClient.Builder to(URI uri) {
		return switch (this) {
			case WEBSOCKET -> RawWebSocketClient.to(uri);
			case SSE -> HttpTestClient.sse(uri);
			case LONG_POLL -> HttpTestClient.longPoll(uri);
		};
	}

}
