package dev.resumablews.test.client;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A message of the server. Each kind of message is a record around the JSON object that
 * was received; its methods read the fields that the protocol defines and throw an
 * {@link IllegalStateException} if a required field is missing. Fields that have no
 * method are in {@link #json()}. Immutable, unless a caller changes the JSON.
 */
public sealed interface ServerFrame {

	/**
	 * Returns the message as it was received.
	 * @return the JSON object
	 */
	JsonNode json();

	/**
	 * Returns the message's type, such as {@code ack} or {@code order_shipped}.
	 * @return the type; empty if there is none
	 */
	default String type() {
		return json().path("type").asString("");
	}

	/**
	 * Returns the idempotency key that the message names.
	 * @return the key, if there is one
	 */
	default Optional<UUID> idempotencyKey() {
		return Optional.ofNullable(json().path("idempotency_key").asString(null)).map(UUID::fromString);
	}

	/**
	 * Decodes a message.
	 * @param json a JSON object
	 * @return the message; {@link Unknown} if the protocol does not define its type
	 */
	static ServerFrame of(JsonNode json) {
		if (json.has("payload")) {
			return json.has("event_id") ? new Event(json) : new EphemeralEvent(json);
		}
		return switch (json.path("type").asString("")) {
			case "session_init" -> new SessionInit(json);
			case "session_epoch" -> new SessionEpoch(json);
			case "replay_complete" -> new ReplayComplete(json);
			case "presence" -> new Presence(json);
			case "pong" -> new Pong(json);
			case "ack" -> new Ack(json);
			case "auth_ok" -> new AuthOk(json);
			case "error" -> new Error(json);
			case "server_restarting" -> new ServerRestarting(json);
			default -> new Unknown(json);
		};
	}

	/**
	 * Message with a payload.
	 */
	sealed interface Published extends ServerFrame {

		/**
		 * Returns the payload.
		 * @return the JSON object
		 */
		default JsonNode payload() {
			return json().path("payload");
		}

		/**
		 * Converts the payload.
		 * @param type the type to convert to
		 * @return the payload as an object of that type
		 * @throws tools.jackson.core.JacksonException if the payload cannot be converted
		 */
		default <T> T as(Class<T> type) {
			return JsonMapper.shared().treeToValue(payload(), type);
		}

	}

	/**
	 * Durable event: an entry of the session's log.
	 *
	 * @param json the message
	 */
	record Event(JsonNode json) implements Published {

		public long eventId() {
			return Fields.required(this.json, "event_id").asLong();
		}

		public Instant createdAt() {
			return Instant.parse(Fields.required(this.json, "created_at").asString());
		}

		/**
		 * Returns whether the event was stored before the connection was opened.
		 * @return whether it is replayed
		 */
		public boolean isReplay() {
			return this.json.path("replay").asBoolean(false);
		}

	}

	/**
	 * Event that is not stored.
	 *
	 * @param json the message
	 */
	record EphemeralEvent(JsonNode json) implements Published {
	}

	/**
	 * First message of a connection.
	 *
	 * @param json the message
	 */
	record SessionInit(JsonNode json) implements ServerFrame {

		public UUID sessionId() {
			return UUID.fromString(Fields.required(this.json, "session_id").asString());
		}

		public UUID connectionId() {
			return UUID.fromString(Fields.required(this.json, "connection_id").asString());
		}

		public boolean isResumed() {
			return Fields.required(this.json, "resumed").asBoolean();
		}

		/**
		 * Returns why the session that was asked for is not resumed.
		 * @return the reason; null if it is resumed, or new
		 */
		public @Nullable String reason() {
			return this.json.path("reason").asString(null);
		}

		public long lastEventId() {
			return Fields.required(this.json, "last_event_id").asLong();
		}

		public long earliestEventId() {
			return Fields.required(this.json, "earliest_event_id").asLong();
		}

		public Duration heartbeat() {
			return Duration.ofMillis(Fields.required(this.json, "heartbeat_ms").asLong());
		}

		public String epoch() {
			return Fields.required(this.json, "epoch").asString();
		}

		public OptionalLong rewindTo() {
			return Fields.optionalLong(this.json, "rewind_to");
		}

	}

	/**
	 * Change of the epoch, in which the log continues.
	 *
	 * @param json the message
	 */
	record SessionEpoch(JsonNode json) implements ServerFrame {

		public String epoch() {
			return Fields.required(this.json, "epoch").asString();
		}

		public long rewindTo() {
			return Fields.required(this.json, "rewind_to").asLong();
		}

	}

	/**
	 * End of the replay: the connection has caught up with the log.
	 *
	 * @param json the message
	 */
	record ReplayComplete(JsonNode json) implements ServerFrame {

		public long lastEventId() {
			return Fields.required(this.json, "last_event_id").asLong();
		}

		public long count() {
			return Fields.required(this.json, "count").asLong();
		}

	}

	/**
	 * Change of the presence.
	 *
	 * @param json the message
	 */
	record Presence(JsonNode json) implements ServerFrame {

		public boolean isComplete() {
			return this.json.path("complete").asBoolean(false);
		}

		public List<JsonNode> joined() {
			return this.json.path("joined").values().stream().toList();
		}

		public List<JsonNode> left() {
			return this.json.path("left").values().stream().toList();
		}

	}

	/**
	 * Answer to a {@code ping}.
	 *
	 * @param json the message
	 */
	record Pong(JsonNode json) implements ServerFrame {

		/**
		 * Returns the value that the client sent.
		 * @return the value; a missing node if there was none
		 */
		public JsonNode t() {
			return this.json.path("t");
		}

	}

	/**
	 * Acknowledgement that a message with an idempotency key is durable.
	 *
	 * @param json the message
	 */
	record Ack(JsonNode json) implements ServerFrame {

		/**
		 * Returns the event that the message was stored as.
		 * @return the event's id, if the message is an event
		 */
		public OptionalLong eventId() {
			return Fields.optionalLong(this.json, "event_id");
		}

		public boolean isDuplicate() {
			return this.json.path("duplicate").asBoolean(false);
		}

	}

	/**
	 * Confirmation that the server accepted a new token.
	 *
	 * @param json the message
	 */
	record AuthOk(JsonNode json) implements ServerFrame {
	}

	/**
	 * Rejection of a message of the client.
	 *
	 * @param json the message
	 */
	record Error(JsonNode json) implements ServerFrame {

		public String code() {
			return Fields.required(this.json, "code").asString();
		}

		public String message() {
			return Fields.required(this.json, "message").asString();
		}

	}

	/**
	 * Announcement that the server will close the connection with 1012.
	 *
	 * @param json the message
	 */
	record ServerRestarting(JsonNode json) implements ServerFrame {

		public Duration reconnectAfter() {
			return Duration.ofMillis(Fields.required(this.json, "reconnect_after_ms").asLong());
		}

	}

	/**
	 * Message of a type that the protocol does not define.
	 *
	 * @param json the message
	 */
	record Unknown(JsonNode json) implements ServerFrame {
	}

}
