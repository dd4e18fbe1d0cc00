package dev.resumablews.internal.log;

import java.util.UUID;
import java.util.function.Supplier;

import dev.resumablews.internal.codec.StoredPayloads;
import org.jspecify.annotations.Nullable;

/**
 * Request to store an event.
 */
public sealed interface AppendRequest {

	/**
	 * Returns the session of the event.
	 * @return the session's id
	 */
	UUID sessionId();

	/**
	 * Returns the event's type.
	 * @return the type
	 */
	String type();

	/**
	 * Returns the event's payload.
	 * @return the payload
	 */
	Payload payload();

	/**
	 * Returns whether the payload is read when the event is written. Such a request is
	 * not limited by the queue and does not time out, because its producer limits the
	 * number of requests.
	 * @return whether the payload is bound late
	 */
	default boolean isLateBound() {
		return payload() instanceof LateBound;
	}

	/**
	 * Returns a copy of this request with a different payload.
	 * @param payload the payload
	 * @return the request
	 */
	AppendRequest with(Payload payload);

	/**
	 * Returns this request with its payload in stored form. Calls application code if
	 * there is a codec. Does not change a late-bound payload.
	 * @param payloads converts the payload
	 * @return the request
	 */
	default AppendRequest encoded(StoredPayloads payloads) {
		if (payloads.encodes() && payload() instanceof Text text) {
			return with(new Text(text.json(), payloads.encode(sessionId(), type(), text.json(), null)));
		}
		return this;
	}

	/**
	 * Returns a request to store an event of the application.
	 * @param sessionId the session
	 * @param type the event's type
	 * @param payload the text of a JSON object
	 * @return the request
	 */
	static Event of(UUID sessionId, String type, String payload) {
		return new Event(sessionId, type, new Text(payload));
	}

	/**
	 * An event that is neither a client's message nor part of a reply.
	 *
	 * @param sessionId the session of the event
	 * @param type its type
	 * @param payload its payload
	 */
	record Event(UUID sessionId, String type, Payload payload) implements AppendRequest {

		@Override
		public Event with(Payload payload) {
			return new Event(this.sessionId, this.type, payload);
		}

		/**
		 * Returns a request to store the event at most once, as a client's message.
		 * @param userId the user who must own the session
		 * @param idempotencyKey the key for which it is stored at most once
		 * @return the request
		 */
		public Message once(String userId, UUID idempotencyKey) {
			return new Message(this.sessionId, userId, idempotencyKey, this.type, this.payload, false, false, null);
		}

	}

	/**
	 * A client's message.
	 *
	 * @param sessionId the session of the event
	 * @param userId the user who must own the session
	 * @param idempotencyKey the key for which it is stored at most once
	 * @param type its type
	 * @param payload its payload
	 * @param answered whether it requests a reply, which is queued for a claim
	 * @param relayed whether it is forwarded to the upstream that its type names
	 * @param trace the trace that the reply continues; null if there is none
	 */
	record Message(UUID sessionId, String userId, UUID idempotencyKey, String type, Payload payload, boolean answered,
			boolean relayed, @Nullable String trace) implements AppendRequest {

		@Override
		public Message with(Payload payload) {
			return new Message(this.sessionId, this.userId, this.idempotencyKey, this.type, payload, this.answered,
					this.relayed, this.trace);
		}

		/**
		 * Returns a copy of this request that requests a reply.
		 * @return the request
		 */
		public Message askingForReply() {
			return askingForReply(null);
		}

		/**
		 * Returns a copy of this request that requests a reply.
		 * @param trace the trace that the reply continues; null if there is none
		 * @return the request
		 */
		public Message askingForReply(@Nullable String trace) {
			return new Message(this.sessionId, this.userId, this.idempotencyKey, this.type, this.payload, true, false,
					trace);
		}

		/**
		 * Returns a copy of this request that is forwarded to an upstream.
		 * @return the request
		 */
		public Message askingForRelay() {
			return new Message(this.sessionId, this.userId, this.idempotencyKey, this.type, this.payload, false, true,
					null);
		}

	}

	/**
	 * An event of a reply. It is stored only if the fence is that of the last claim of
	 * the reply; otherwise it is rejected with a {@link FencedException}.
	 *
	 * @param sessionId the session of the event
	 * @param messageId the message id of the reply
	 * @param inReplyTo the user message that the reply answers
	 * @param fence the fencing token of the claim
	 * @param type its type
	 * @param role its effect on the reply
	 * @param replaces the message whose deltas are deleted because the event replaces
	 * them or makes them obsolete
	 * @param payload its payload
	 */
	record ReplyEvent(UUID sessionId, UUID messageId, long inReplyTo, long fence, String type, Role role,
			@Nullable UUID replaces, Payload payload) implements AppendRequest {

		@Override
		public ReplyEvent with(Payload payload) {
			return new ReplyEvent(this.sessionId, this.messageId, this.inReplyTo, this.fence, this.type, this.role,
					this.replaces, payload);
		}

	}

	/**
	 * An event of a relay: data from its upstream, or a change of its state. It is stored
	 * only if the fence is that of the last claim of the relay; otherwise it is rejected
	 * with a {@link FencedException}.
	 *
	 * @param sessionId the session of the event
	 * @param relay the name of the relay
	 * @param fence the fencing token of the claim
	 * @param type its type
	 * @param end set if the event ends the relay
	 * @param payload its payload
	 */
	record RelayEvent(UUID sessionId, String relay, long fence, String type, @Nullable RelayEnd end,
			Payload payload) implements AppendRequest {

		@Override
		public RelayEvent with(Payload payload) {
			return new RelayEvent(this.sessionId, this.relay, this.fence, this.type, this.end, payload);
		}

	}

	/**
	 * Describes how an event ends its relay. The event is rejected if a client has sent a
	 * newer message.
	 *
	 * @param newest the newest client message known to the relay
	 * @param forwarded the last event whose messages were forwarded
	 */
	record RelayEnd(long newest, long forwarded) {

	}

	/**
	 * The effect of an event on its reply.
	 */
	enum Role {

		/**
		 * Adds a part that stays in the log.
		 */
		PART,

		/**
		 * Adds a piece of text, which the complete message replaces.
		 */
		DELTA,

		/**
		 * Ends the reply.
		 */
		END

	}

	/**
	 * The payload of an event.
	 */
	sealed interface Payload {

	}

	/**
	 * A payload known in advance.
	 *
	 * @param json the text of a JSON object
	 * @param stored the stored form, plain or encoded
	 */
	record Text(String json, String stored) implements Payload {

		/**
		 * Creates a payload that is stored as plain text.
		 * @param json the text of a JSON object
		 */
		public Text(String json) {
			this(json, json);
		}

		/**
		 * Returns the memory usage of the payload.
		 * @return the length, in UTF-16 units
		 */
		int length() {
			return this.json.equals(this.stored) ? this.json.length() : this.json.length() + this.stored.length();
		}

	}

	/**
	 * A payload that is read once, on the writer's thread immediately before the event is
	 * written, so that it includes all text a reply has received by then.
	 *
	 * @param text returns the payload with its stored form, or null if there is nothing
	 * to store; must be fast
	 */
	record LateBound(Supplier<@Nullable Text> text) implements Payload {

		/**
		 * Creates a payload that is stored as plain text.
		 * @param json returns the text of a JSON object, or null if there is nothing to
		 * store; must be fast
		 * @return the payload
		 */
		public static LateBound of(Supplier<@Nullable String> json) {
			return new LateBound(() -> {
				String text = json.get();
				return (text != null) ? new Text(text) : null;
			});
		}

	}

}
