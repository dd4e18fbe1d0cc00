package dev.resumablews.internal.observation;

import java.util.UUID;

import dev.resumablews.observation.MessageObservationContext;
import io.micrometer.observation.Observation;
import org.jspecify.annotations.Nullable;

/**
 * Scope in which the code that handles a client's message runs: the observation of the
 * message, and the session and connection of its log lines. The observation begins when
 * the session is known, which may be after the message was received. Safe for use by many
 * threads.
 */
public final class MessageObservation {

	private final Observations observations;

	private final @Nullable String type;

	private final UUID senderId;

	/**
	 * Guarded by this.
	 */
	private @Nullable Observation observation;

	/**
	 * Guarded by this.
	 */
	private boolean ended;

	MessageObservation(Observations observations, @Nullable String type, UUID senderId) {
		this.observations = observations;
		this.type = type;
		this.senderId = senderId;
	}

	/**
	 * Runs a task in the scope of the message.
	 * @param sessionId the session; null if it is not known yet
	 * @param task the task
	 */
	public void run(@Nullable UUID sessionId, Runnable task) {
		LogContext context = LogContext.open(sessionId, this.senderId);
		try {
			Observation observation = (sessionId != null) ? begun(sessionId) : Observation.NOOP;
			if (observation.isNoop()) {
				task.run();
			}
			else {
				observation.scoped(task);
			}
		}
		finally {
			context.close();
		}
	}

	/**
	 * Records the failure of the message.
	 * @param failure the failure
	 */
	public synchronized void failed(Throwable failure) {
		if (this.observation != null && !this.ended) {
			this.observation.error(failure);
		}
	}

	/**
	 * Ends the observation. Idempotent.
	 * @param outcome how the message was answered, one of a fixed set of words
	 */
	public void end(String outcome) {
		Observation ending;
		synchronized (this) {
			ending = this.ended ? null : this.observation;
			this.ended = true;
		}
		if (ending == null || ending.isNoop()) {
			return;
		}
		if (ending.getContext() instanceof MessageObservationContext context) {
			context.setOutcome(outcome);
		}
		Observations.stop(ending);
	}

	private synchronized Observation begun(UUID sessionId) {
		Observation begun = this.observation;
		if (begun == null) {
			begun = (this.type == null || this.ended) ? Observation.NOOP
					: this.observations.startMessage(this.type, sessionId, this.senderId);
			this.observation = begun;
		}
		return begun;
	}

}
