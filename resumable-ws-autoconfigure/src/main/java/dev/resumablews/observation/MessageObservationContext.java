package dev.resumablews.observation;

import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.SenderContext;

/**
 * Context of the observation of a message of a client, from its receipt until it is
 * answered. A tracer writes the trace into the carrier, which is stored with the reply to
 * the message. Not thread-safe.
 */
public class MessageObservationContext extends SenderContext<Map<String, String>> {

	private final String type;

	private final UUID sessionId;

	private final UUID connectionId;

	private String outcome = "none";

	/**
	 * Creates a context.
	 * @param type the message's type; {@code unknown} if the application has no handler
	 * for it, so that clients cannot add values
	 * @param sessionId the session
	 * @param connectionId the connection that the message came on, or the HTTP request
	 */
	public MessageObservationContext(String type, UUID sessionId, UUID connectionId) {
		super((carrier, name, value) -> {
			if (carrier != null) {
				carrier.put(name, value);
			}
		}, Kind.PRODUCER);
		setCarrier(new TreeMap<>());
		this.type = type;
		this.sessionId = sessionId;
		this.connectionId = connectionId;
	}

	/**
	 * Returns the message's type.
	 * @return the type; one of a fixed set of words
	 */
	public String getType() {
		return this.type;
	}

	/**
	 * Returns the session.
	 * @return its id
	 */
	public UUID getSessionId() {
		return this.sessionId;
	}

	/**
	 * Returns the connection that the message came on, or the HTTP request.
	 * @return its id
	 */
	public UUID getConnectionId() {
		return this.connectionId;
	}

	/**
	 * Returns how the message was answered.
	 * @return {@code ok}, {@code duplicate}, {@code dropped}, {@code session_ended}, or
	 * the code of the error; {@code none} until then
	 */
	public String getOutcome() {
		return this.outcome;
	}

	/**
	 * Sets how the message was answered.
	 * @param outcome one of a fixed set of words
	 */
	public void setOutcome(String outcome) {
		this.outcome = outcome;
	}

}
