package dev.resumablews.internal.relay;

import java.util.UUID;

import dev.resumablews.internal.protocol.WellFormed;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Creates the payloads of a relay's events: {@code message} for client messages, {@code
 * event} for upstream messages, and {@code status} for changes of the relay.
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
	 * Creates the event for an established connection.
	 * @param uncertain range of the messages that may have reached the upstream before;
	 * null if there are none
	 * @param resent whether these are sent again
	 */
	static String opened(@Nullable Range uncertain, boolean resent) {
		ObjectNode payload = status("opened");
		if (uncertain != null) {
			payload.put(resent ? "resent_from" : "skipped_from", uncertain.first());
			payload.put(resent ? "resent_through" : "skipped_through", uncertain.last());
		}
		return text(payload);
	}

	/**
	 * Creates the event for a lost or failed connection.
	 */
	static String lost(int code, String reason) {
		return text(status("lost").put("code", code).put("reason", reason));
	}

	/**
	 * Creates the event for the end of the relay.
	 */
	static String closed(String reason) {
		return text(status("closed").put("reason", reason));
	}

	/**
	 * Creates the event for a skipped message or a dropped event.
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
	 * Returns a payload in the form in which it can be stored.
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
	 * @param first lower bound of the first one
	 * @param last the last one
	 */
	record Range(long first, long last) {

	}

}
