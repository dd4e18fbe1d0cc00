package dev.resumablews.observation;

import java.util.UUID;

import io.micrometer.observation.Observation;
import org.jspecify.annotations.Nullable;

/**
 * Context of the observation of an append, from the call until the event is durable or
 * rejected. The deltas of replies are not observed. Not thread-safe.
 */
public class AppendObservationContext extends Observation.Context {

	private final Source source;

	private final UUID sessionId;

	private final String type;

	private @Nullable Long eventId;

	private String outcome = "none";

	/**
	 * Creates a context.
	 * @param source the origin of the event
	 * @param sessionId the session
	 * @param type the event's type, as the application or a client chose it
	 */
	public AppendObservationContext(Source source, UUID sessionId, String type) {
		this.source = source;
		this.sessionId = sessionId;
		this.type = type;
	}

	/**
	 * Returns the origin of the event.
	 * @return the source
	 */
	public Source getSource() {
		return this.source;
	}

	/**
	 * Returns the session.
	 * @return its id
	 */
	public UUID getSessionId() {
		return this.sessionId;
	}

	/**
	 * Returns the event's type.
	 * @return the type, any text
	 */
	public String getType() {
		return this.type;
	}

	/**
	 * Returns the id of the event.
	 * @return the id; null if it is not stored
	 */
	public @Nullable Long getEventId() {
		return this.eventId;
	}

	/**
	 * Sets the id of the event.
	 * @param eventId the id
	 */
	public void setEventId(@Nullable Long eventId) {
		this.eventId = eventId;
	}

	/**
	 * Returns the outcome of the append.
	 * @return {@code stored}, {@code duplicate} or {@code failed}; {@code none} until
	 * then
	 */
	public String getOutcome() {
		return this.outcome;
	}

	/**
	 * Sets the outcome of the append.
	 * @param outcome one of a fixed set of words
	 */
	public void setOutcome(String outcome) {
		this.outcome = outcome;
	}

	/**
	 * Origins of events.
	 */
	public enum Source {

		/**
		 * The application.
		 */
		APPLICATION,

		/**
		 * A client.
		 */
		CLIENT,

		/**
		 * A reply.
		 */
		REPLY,

		/**
		 * The upstream of a relay.
		 */
		RELAY

	}

}
