package dev.resumablews.observation;

import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.docs.ObservationDocumentation;

/**
 * The observations of this library, with the names of their key values.
 */
public enum ResumableWsObservation implements ObservationDocumentation {

	/**
	 * A message of a client, from its receipt until it is answered.
	 */
	MESSAGE("resumable.ws.message", DefaultMessageObservationConvention.class, MessageKeys.values(),
			MessageDetails.values()),

	/**
	 * An append to the log, from the call until the event is durable.
	 */
	APPEND("resumable.ws.append", DefaultAppendObservationConvention.class, AppendKeys.values(),
			AppendDetails.values()),

	/**
	 * An attempt at a reply, from its start on a node to its end there.
	 */
	REPLY("resumable.ws.reply", DefaultReplyObservationConvention.class, ReplyKeys.values(), ReplyDetails.values());

	private final String observation;

	private final Class<? extends ObservationConvention<? extends Observation.Context>> convention;

	private final KeyName[] few;

	private final KeyName[] many;

	ResumableWsObservation(String observation,
			Class<? extends ObservationConvention<? extends Observation.Context>> convention, KeyName[] few,
			KeyName[] many) {
		this.observation = observation;
		this.convention = convention;
		this.few = few;
		this.many = many;
	}

	@Override
	public String getName() {
		return this.observation;
	}

	@Override
	public Class<? extends ObservationConvention<? extends Observation.Context>> getDefaultConvention() {
		return this.convention;
	}

	@Override
	public KeyName[] getLowCardinalityKeyNames() {
		return this.few.clone();
	}

	@Override
	public KeyName[] getHighCardinalityKeyNames() {
		return this.many.clone();
	}

	/**
	 * Low-cardinality key values of {@link #MESSAGE}.
	 */
	public enum MessageKeys implements KeyName {

		/**
		 * Type of the message; {@code unknown} if the application has no handler for it.
		 */
		TYPE("type"),

		/**
		 * How the message was answered.
		 */
		OUTCOME("outcome");

		private final String key;

		MessageKeys(String key) {
			this.key = key;
		}

		@Override
		public String asString() {
			return this.key;
		}

	}

	/**
	 * High-cardinality key values of {@link #MESSAGE}.
	 */
	public enum MessageDetails implements KeyName {

		/**
		 * Session of the message.
		 */
		SESSION("resumable-ws.session"),

		/**
		 * Connection that the message came on, or HTTP request.
		 */
		CONNECTION("resumable-ws.connection");

		private final String key;

		MessageDetails(String key) {
			this.key = key;
		}

		@Override
		public String asString() {
			return this.key;
		}

	}

	/**
	 * Low-cardinality key values of {@link #APPEND}.
	 */
	public enum AppendKeys implements KeyName {

		/**
		 * Origin of the event.
		 */
		SOURCE("source"),

		/**
		 * Outcome of the append.
		 */
		OUTCOME("outcome");

		private final String key;

		AppendKeys(String key) {
			this.key = key;
		}

		@Override
		public String asString() {
			return this.key;
		}

	}

	/**
	 * High-cardinality key values of {@link #APPEND}.
	 */
	public enum AppendDetails implements KeyName {

		/**
		 * Session of the event.
		 */
		SESSION("resumable-ws.session"),

		/**
		 * Type of the event.
		 */
		TYPE("resumable-ws.event-type"),

		/**
		 * Id of the event in its session; {@code none} if it was not stored.
		 */
		EVENT("resumable-ws.event-id");

		private final String key;

		AppendDetails(String key) {
			this.key = key;
		}

		@Override
		public String asString() {
			return this.key;
		}

	}

	/**
	 * Low-cardinality key values of {@link #REPLY}.
	 */
	public enum ReplyKeys implements KeyName {

		/**
		 * How the attempt has ended.
		 */
		OUTCOME("outcome");

		private final String key;

		ReplyKeys(String key) {
			this.key = key;
		}

		@Override
		public String asString() {
			return this.key;
		}

	}

	/**
	 * High-cardinality key values of {@link #REPLY}.
	 */
	public enum ReplyDetails implements KeyName {

		/**
		 * Session of the reply.
		 */
		SESSION("resumable-ws.session"),

		/**
		 * Message id of the attempt.
		 */
		MESSAGE("resumable-ws.message-id"),

		/**
		 * Event that the reply answers.
		 */
		IN_REPLY_TO("resumable-ws.in-reply-to"),

		/**
		 * Number of times the reply was claimed, including this one.
		 */
		ATTEMPT("resumable-ws.attempt");

		private final String key;

		ReplyDetails(String key) {
			this.key = key;
		}

		@Override
		public String asString() {
			return this.key;
		}

	}

}
