package dev.resumablews.benchmarks.server;

import java.time.Instant;
import java.util.UUID;

/**
 * A reply whose deltas are forwarded immediately. Not safe for use by many threads.
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
	void forward(String token) {
		this.rooms.send(this.sessionId, Frames.event("assistant_delta", null, next(token), Instant.now()));
	}

	/**
	 * Returns the payload of the complete message.
	 */
	String completeMessage() {
		return Frames.message(this.messageId, this.text);
	}

	/**
	 * Returns the frame that ends the reply.
	 */
	String end() {
		return Frames.event("assistant_message", null, completeMessage(), Instant.now());
	}

}
