package dev.resumablews.observation;

import java.util.Map;
import java.util.UUID;

import io.micrometer.observation.transport.Kind;
import io.micrometer.observation.transport.ReceiverContext;

/**
 * Context of the observation of an attempt at a reply, from its start on a node to its
 * end there. The carrier holds the trace that the message's observation stored in the
 * reply's row, so that an attempt on another node continues the same trace. Not
 * thread-safe.
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
	 * @param inReplyTo the event that the reply answers
	 * @param attempt the number of times the reply was claimed, including this one
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
	 * Returns the event that the reply answers.
	 * @return its id
	 */
	public long getInReplyTo() {
		return this.inReplyTo;
	}

	/**
	 * Returns the number of times the reply was claimed, including this one.
	 * @return the number; 1 for the first attempt
	 */
	public int getAttempt() {
		return this.attempt;
	}

	/**
	 * Returns how the attempt has ended.
	 * @return {@code completed}, {@code cancelled}, {@code abandoned} if another attempt
	 * may follow, or the reason of its failure; {@code none} until then
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
