package dev.resumablews.internal.log;

import java.util.UUID;
import java.util.function.Supplier;

import dev.resumablews.internal.codec.StoredPayloads;
import org.jspecify.annotations.Nullable;

/**
 * A request to store an event.
 */
public sealed interface AppendRequest {

	/**
	 * Returns the session to store the event in.
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
	 * neither bounded by the queue nor refused after a timeout: its producer bounds how
	 * many it makes.
	 * @return whether the payload is bound late
	 */
	default boolean isLateBound() {
		return payload() instanceof LateBound;
	}

	/**
	 * Returns this request with another payload.
	 * @param payload the payload
	 * @return the request
	 */
	AppendRequest with(Payload payload);

	/**
	 * Returns this request in the form in which it is to be stored. Calls code of the
	 * application if there is a codec, and leaves a payload that is bound late to its
	 * producer.
	 * @param payloads the form
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
	 * An event that neither a client sent nor a reply says.
	 *
	 * @param sessionId the session to store it in
	 * @param type its type
	 * @param payload its payload
	 */
	record Event(UUID sessionId, String type, Payload payload) implements AppendRequest {

		@Override
		public Event with(Payload payload) {
			return new Event(this.sessionId, this.type, payload);
		}

		/**
		 * Returns a request to store the event at most once, as the message of a client.
		 * @param userId the user that the session must belong to
		 * @param idempotencyKey the key under which it is stored at most once
		 * @return the request
		 */
		public Message once(String userId, UUID idempotencyKey) {
			return new Message(this.sessionId, userId, idempotencyKey, this.type, this.payload, false, false, null);
		}

	}

	/**
	 * The message of a client.
	 *
	 * @param sessionId the session to store it in
	 * @param userId the user that the session must belong to
	 * @param idempotencyKey the key under which it is stored at most once
	 * @param type its type
	 * @param payload its payload
	 * @param answered whether it asks for a reply, which then waits to be claimed
	 * @param relayed whether it asks for a relay to the upstream that its type names
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
		 * Returns this request as one that asks for a reply.
		 * @return the request
		 */
		public Message askingForReply() {
			return askingForReply(null);
		}

		/**
		 * Returns this request as one that asks for a reply.
		 * @param trace the trace that the reply continues; null if there is none
		 * @return the request
		 */
		public Message askingForReply(@Nullable String trace) {
			return new Message(this.sessionId, this.userId, this.idempotencyKey, this.type, this.payload, true, false,
					trace);
		}

		/**
		 * Returns this request as one that is forwarded to an upstream.
		 * @return the request
		 */
		public Message askingForRelay() {
			return new Message(this.sessionId, this.userId, this.idempotencyKey, this.type, this.payload, false, true,
					null);
		}

	}

	/**
	 * An event of a reply. It is stored only for the last claim of the reply: with any
	 * other fence it is refused with a {@link FencedException}.
	 *
	 * @param sessionId the session to store it in
	 * @param messageId the reply's message
	 * @param inReplyTo the user message that is answered
	 * @param fence the fencing token that the reply was claimed with
	 * @param type its type
	 * @param role what it does to the reply
	 * @param replaces the message whose deltas are removed, because the event replaces
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
	 * An event of a relay: what its upstream sent, or a change of its state. It is stored
	 * only for the last claim of the relay: with any other fence it is refused with a
	 * {@link FencedException}.
	 *
	 * @param sessionId the session to store it in
	 * @param relay the name of the relay
	 * @param fence the fencing token that the relay was claimed with
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
	 * How an event ends its relay. It is refused if a client has sent a newer message.
	 *
	 * @param newest the newest message of a client that the relay knows
	 * @param forwarded the event up to which messages are forwarded
	 */
	record RelayEnd(long newest, long forwarded) {

	}

	/**
	 * What an event does to its reply.
	 */
	enum Role {

		/**
		 * A part of the reply that stays in the log.
		 */
		PART,

		/**
		 * A piece of the text, which the whole message replaces.
		 */
		DELTA,

		/**
		 * The end of the reply.
		 */
		END

	}

	/**
	 * The payload of an event.
	 */
	sealed interface Payload {

	}

	/**
	 * A payload that is known.
	 *
	 * @param json the text of a JSON object
	 * @param stored what is stored: the same, or its encoded form
	 */
	record Text(String json, String stored) implements Payload {

		/**
		 * Creates a payload that is stored as it is.
		 * @param json the text of a JSON object
		 */
		public Text(String json) {
			this(json, json);
		}

		/**
		 * Returns how much memory it takes.
		 * @return the length, in UTF-16 units
		 */
		int length() {
			return this.json.equals(this.stored) ? this.json.length() : this.json.length() + this.stored.length();
		}

	}

	/**
	 * A payload that is read once, on the thread that writes the log and at the last
	 * moment, so that a reply can say all that has arrived until then.
	 *
	 * @param text returns the payload in the form in which it is stored, or null if there
	 * is nothing to store; must be fast
	 */
	record LateBound(Supplier<@Nullable Text> text) implements Payload {

		/**
		 * Creates a payload that is stored as it is.
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
