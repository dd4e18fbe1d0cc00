package dev.resumablews.internal.reply;

import java.util.Map;
import java.util.UUID;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.io.JsonStringEncoder;

/**
 * Creates the JSON payloads of a reply's events. Does not use an object mapper, because
 * deltas are by far the most frequent events and their format is fixed.
 */
final class ReplyEvents {

	static final String USER_MESSAGE = "user_message";

	static final String STARTED = "assistant_started";

	static final String DELTA = "assistant_delta";

	static final String MESSAGE = "assistant_message";

	static final String FAILED = "assistant_failed";

	/**
	 * A user message that the application's handler failed to handle.
	 */
	static final String MESSAGE_FAILED = "message_failed";

	private static final JsonStringEncoder ENCODER = JsonStringEncoder.getInstance();

	private ReplyEvents() {
	}

	static String userMessage(String content, UUID idempotencyKey) {
		StringBuilder json = new StringBuilder(content.length() + 80).append("{\"content\":");
		quote(json, content);
		return json.append(",\"idempotency_key\":\"").append(idempotencyKey).append("\"}").toString();
	}

	static String started(UUID messageId, long inReplyTo, @Nullable UUID supersedes) {
		StringBuilder json = begin(messageId, 0).append(",\"in_reply_to\":").append(inReplyTo);
		if (supersedes != null) {
			json.append(",\"supersedes\":\"").append(supersedes).append('"');
		}
		return json.append('}').toString();
	}

	static String delta(UUID messageId, ReplyText.Piece piece) {
		StringBuilder json = begin(messageId, piece.content().length()).append(",\"offset\":")
			.append(piece.offset())
			.append(",\"content\":");
		quote(json, piece.content());
		return json.append('}').toString();
	}

	static String message(UUID messageId, String content, String finishReason, Map<String, Long> usage) {
		StringBuilder json = begin(messageId, content.length()).append(",\"content\":");
		quote(json, content);
		json.append(",\"finish_reason\":");
		quote(json, finishReason);
		if (!usage.isEmpty()) {
			String separator = ",\"usage\":{";
			for (Map.Entry<String, Long> entry : usage.entrySet()) {
				json.append(separator);
				quote(json, entry.getKey());
				json.append(':').append(entry.getValue().longValue());
				separator = ",";
			}
			json.append('}');
		}
		return json.append('}').toString();
	}

	static String failed(UUID messageId, ReplyFailure failure) {
		StringBuilder json = begin(messageId, 0).append(",\"code\":");
		quote(json, failure.code());
		json.append(",\"message\":");
		quote(json, failure.message());
		return json.append('}').toString();
	}

	static String messageFailed(long inReplyTo, String code, String message) {
		StringBuilder json = new StringBuilder("{\"in_reply_to\":").append(inReplyTo).append(",\"code\":");
		quote(json, code);
		json.append(",\"message\":");
		quote(json, message);
		return json.append('}').toString();
	}

	private static StringBuilder begin(UUID messageId, int contentLength) {
		return new StringBuilder(contentLength + contentLength / 8 + 160).append("{\"message_id\":\"")
			.append(messageId)
			.append('"');
	}

	private static void quote(StringBuilder json, String text) {
		json.append('"');
		ENCODER.quoteAsString(text, json);
		json.append('"');
	}

}
