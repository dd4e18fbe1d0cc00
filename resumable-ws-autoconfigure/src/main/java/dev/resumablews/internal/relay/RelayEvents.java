package dev.resumablews.internal.relay;

import java.util.UUID;

import dev.resumablews.internal.protocol.WellFormed;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes the payloads of the events of a relay: {@code message} is from a client,
 * {@code event} from the upstream, and {@code status} from the relay.
 */
final class RelayEvents {

	static final String MESSAGE = "message";

	private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

	private RelayEvents() {
	}

	static String message(JsonNode message, UUID key) {
		ObjectNode payload = JSON.objectNode();
		payload.set(MESSAGE, message);
		return text(payload.put("idempotency_key", key.toString()));
	}

	static ObjectNode event(JsonNode event) {
		ObjectNode payload = JSON.objectNode();
		payload.set("event", event);
		return payload;
	}

	/**
	 * Writes that the upstream is connected.
	 * @param doubtful events of the messages that may have reached the upstream before;
	 * null if there are none
	 * @param resent whether these are sent again
	 */
	static String opened(@Nullable Range doubtful, boolean resent) {
		ObjectNode payload = status("opened");
		if (doubtful != null) {
			payload.put(resent ? "resent_from" : "skipped_from", doubtful.first());
			payload.put(resent ? "resent_through" : "skipped_through", doubtful.last());
		}
		return text(payload);
	}

	/**
	 * Writes that the upstream is not connected any more, or cannot be reached.
	 */
	static String lost(int code, String reason) {
		return text(status("lost").put("code", code).put("reason", reason));
	}

	/**
	 * Writes that the relay has ended.
	 */
	static String closed(String reason) {
		return text(status("closed").put("reason", reason));
	}

	/**
	 * Writes that a message was skipped or an event dropped.
	 * @param eventId the message; null for an event of the upstream
	 */
	static String error(String reason, @Nullable Long eventId) {
		ObjectNode payload = status("error").put("reason", reason);
		if (eventId != null) {
			payload.put("event_id", eventId);
		}
		return text(payload);
	}

	/**
	 * Returns the text of a payload as it can be stored.
	 */
	static String text(JsonNode payload) {
		return WellFormed.unicode(payload.toString());
	}

	private static ObjectNode status(String status) {
		return JSON.objectNode().put("status", status);
	}

	/**
	 * A range of events.
	 *
	 * @param first the first one at the earliest
	 * @param last the last one
	 */
	record Range(long first, long last) {

	}

}
