package com.example.quickstart;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A WebSocket of a logged-in browser.
 */
final class Connection implements WebSocket.Listener {

	private final BlockingQueue<JsonNode> messages = new LinkedBlockingQueue<>();

	private final StringBuilder parts = new StringBuilder();

	private final WebSocket socket;

	private Connection(HttpClient browser, int port, String query) {
		this.socket = browser.newWebSocketBuilder()
			.header("Origin", "http://localhost:" + port)
			.buildAsync(URI.create("ws://localhost:" + port + "/ws" + query), this)
			.join();
	}

	static Connection open(HttpClient browser, int port, String query) {
		return new Connection(browser, port, query);
	}

	@Override
	public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
		this.parts.append(data);
		if (last) {
			this.messages.add(JsonMapper.shared().readTree(this.parts.toString()));
			this.parts.setLength(0);
		}
		socket.request(1);
		return null;
	}

	void vote(String drink, UUID key) {
		this.socket.sendText("""
				{"type":"vote","payload":{"drink":"%s"},"idempotency_key":"%s"}""".formatted(drink, key), true).join();
	}

	/**
	 * Returns the next message of the type, and drops those before it.
	 */
	JsonNode await(String type) throws InterruptedException {
		while (true) {
			JsonNode message = this.messages.poll(10, TimeUnit.SECONDS);
			if (message == null) {
				throw new AssertionError("No " + type + " within 10 seconds");
			}
			if (message.path("type").asString().equals(type)) {
				return message;
			}
		}
	}

	/**
	 * Closes the TCP connection without a closing handshake.
	 */
	void cut() {
		this.socket.abort();
	}

}
