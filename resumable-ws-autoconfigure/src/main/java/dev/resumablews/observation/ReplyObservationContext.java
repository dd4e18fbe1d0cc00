package dev.resumablews.observation;

import java.util.Map;
import java.util.UUID;

import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.ReceiverContext;

/**
 * Context of the observation of an attempt at a reply, from its start on a node to its
 * end there. The carrier is what the message's observation has left in the reply's row,
 * so an attempt of another node continues the same trace. Not safe for use by many
 * threads at once.
 */
public class ReplyObservationContext extends ReceiverContext<Map<String, String>> {

	private final UUID sessionId;

	private final UUID messageId;

	private final long inReplyTo;

	private final int attempt;

	private String outcome = "none";

	/**
	 * Creates a context.
	 * @param trace the trace of the message; empty if there is none
	 * @param sessionId the session
	 * @param messageId the message id of this attempt
	 * @param inReplyTo the event that is answered
	 * @param attempt how often the reply was claimed, this time included
	 */
	public ReplyObservationContext(Map<String, String> trace, UUID sessionId, UUID messageId, long inReplyTo,
			int attempt) {
		super((carrier, name) -> carrier.get(name), Kind.CONSUMER);
		setCarrier(trace);
		this.sessionId = sessionId;
		this.messageId = messageId;
		this.inReplyTo = inReplyTo;
		this.attempt = attempt;
	}

	/**
	 * Returns the session.
	 * @return its id
	 */
	public UUID getSessionId() {
		return this.sessionId;
	}

	/**
	 * Returns the message id of this attempt.
	 * @return the id
	 */
	public UUID getMessageId() {
		return this.messageId;
	}

	/**
	 * Returns the event that is answered.
	 * @return its id
	 */
	public long getInReplyTo() {
		return this.inReplyTo;
	}

	/**
	 * Returns how often the reply was claimed, this time included.
	 * @return the number; 1 for the first attempt
	 */
	public int getAttempt() {
		return this.attempt;
	}

	/**
	 * Returns how the attempt has ended.
	 * @return {@code completed}, {@code cancelled}, {@code abandoned} if another attempt
	 * may follow, or why it failed; {@code none} before
	 */
	public String getOutcome() {
		return this.outcome;
	}

	/**
	 * Sets how the attempt has ended.
	 * @param outcome one of a fixed set of words
	 */
	public void setOutcome(String outcome) {
		this.outcome = outcome;
	}

}
