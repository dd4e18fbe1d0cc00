package dev.resumablews.benchmarks.server;

import java.time.Instant;
import java.util.UUID;

/**
 * A reply that is forwarded as it is said. For one thread at a time.
 */
final class LiveReply {

	private final UUID sessionId;

	private final Rooms rooms;

	private final UUID messageId = UUID.randomUUID();

	private final StringBuilder text = new StringBuilder();

	LiveReply(UUID sessionId, Rooms rooms) {
		this.sessionId = sessionId;
		this.rooms = rooms;
	}

	UUID messageId() {
		return this.messageId;
	}

	/**
	 * Returns the payload of the next delta.
	 */
	String next(String token) {
		String payload = Frames.delta(this.messageId, this.text.length(), token);
		this.text.append(token);
		return payload;
	}

	/**
	 * Forwards the next delta.
	 */
	void say(String token) {
		this.rooms.send(this.sessionId, Frames.event("assistant_delta", null, next(token), Instant.now()));
	}

	/**
	 * Returns the payload of the whole message.
	 */
	String whole() {
		return Frames.message(this.messageId, this.text);
	}

	/**
	 * Returns the frame that ends the reply.
	 */
	String end() {
		return Frames.event("assistant_message", null, whole(), Instant.now());
	}

}
