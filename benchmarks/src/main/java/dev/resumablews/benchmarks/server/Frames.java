package dev.resumablews.benchmarks.server;

import java.time.Instant;
import java.util.UUID;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.io.JsonStringEncoder;

/**
 * Writes the frames of the peers, in the format of this library.
 */
final class Frames {

	private static final JsonStringEncoder ENCODER = JsonStringEncoder.getInstance();

	private Frames() {
	}

	static String init(UUID sessionId, boolean resumed) {
		return "{\"type\":\"session_init\",\"session_id\":\"" + sessionId + "\",\"resumed\":" + resumed + "}";
	}

	static String replayComplete(int count) {
		return "{\"type\":\"replay_complete\",\"count\":" + count + "}";
	}

	static String ack(UUID idempotencyKey, long eventId) {
		return "{\"type\":\"ack\",\"idempotency_key\":\"" + idempotencyKey + "\",\"event_id\":" + eventId + "}";
	}

	/**
	 * Writes an event.
	 * @param id its id; null if it is not stored
	 */
	static String event(String type, @Nullable Long id, String payload, Instant createdAt) {
		StringBuilder frame = new StringBuilder(payload.length() + 128).append("{\"type\":\"").append(type).append('"');
		if (id != null) {
			frame.append(",\"event_id\":").append(id.longValue());
		}
		return frame.append(",\"payload\":")
			.append(payload)
			.append(",\"created_at\":\"")
			.append(createdAt)
			.append("\"}")
			.toString();
	}

	static String delta(UUID messageId, int offset, String content) {
		StringBuilder payload = begin(messageId).append("\",\"offset\":").append(offset).append(",\"content\":\"");
		ENCODER.quoteAsString(content, payload);
		return payload.append("\"}").toString();
	}

	static String started(UUID messageId, long inReplyTo) {
		return begin(messageId).append("\",\"in_reply_to\":").append(inReplyTo).append('}').toString();
	}

	static String message(UUID messageId, CharSequence content) {
		StringBuilder payload = begin(messageId).append("\",\"content\":\"");
		ENCODER.quoteAsString(content, payload);
		return payload.append("\",\"finish_reason\":\"stop\"}").toString();
	}

	static String userMessage(String content, UUID idempotencyKey) {
		StringBuilder payload = new StringBuilder("{\"content\":\"");
		ENCODER.quoteAsString(content, payload);
		return payload.append("\",\"idempotency_key\":\"").append(idempotencyKey).append("\"}").toString();
	}

	private static StringBuilder begin(UUID messageId) {
		return new StringBuilder(160).append("{\"message_id\":\"").append(messageId);
	}

}
