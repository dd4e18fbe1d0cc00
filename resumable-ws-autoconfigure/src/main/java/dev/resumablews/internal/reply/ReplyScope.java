package dev.resumablews.internal.reply;

import dev.resumablews.ReplyPart;
import dev.resumablews.internal.observation.LogContext;
import dev.resumablews.internal.observation.Observations;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import dev.resumablews.observation.ReplyObservationContext;
import io.micrometer.observation.Observation;
import io.micrometer.observation.contextpropagation.ObservationThreadLocalAccessor;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;

import org.springframework.util.ClassUtils;

/**
 * Thread context of code for an attempt at a reply: the observation of the attempt, and
 * the log context of its session. Safe for use by many threads.
 */
final class ReplyScope {

	private static final boolean REACTOR = ClassUtils.isPresent("reactor.core.publisher.Flux",
			ReplyScope.class.getClassLoader());

	private final ClaimedReply claim;

	private final Observation observation;

	private ReplyScope(ClaimedReply claim, Observation observation) {
		this.claim = claim;
		this.observation = observation;
	}

	/**
	 * Starts the observation of an attempt.
	 */
	static ReplyScope of(ClaimedReply claim, Observations observations) {
		return new ReplyScope(claim, observations.reply(claim.trace(), claim.sessionId(), claim.messageId(),
				claim.inReplyTo(), claim.attempts()));
	}

	/**
	 * Runs a task in the context of the attempt. An exception of the task does not fail
	 * the observation, because the attempt may be retried.
	 */
	void run(Runnable task) {
		LogContext.run(this.claim.sessionId(), null, () -> {
			Observation.Scope scope = this.observation.openScope();
			try {
				task.run();
			}
			finally {
				scope.close();
			}
		});
	}

	/**
	 * Returns a publisher with the observation in Reactor's context, where it is
	 * available on any thread.
	 */
	Publisher<ReplyPart> in(Publisher<ReplyPart> publisher) {
		return (REACTOR && !this.observation.isNoop()) ? WithReactor.in(publisher, this.observation) : publisher;
	}

	/**
	 * Records the failure of the attempt.
	 */
	void failed(Throwable failure) {
		this.observation.error(failure);
	}

	/**
	 * Ends the observation. Must be called once.
	 */
	void ended(String outcome) {
		if (this.observation.getContext() instanceof ReplyObservationContext context) {
			context.setOutcome(outcome);
		}
		Observations.stop(this.observation);
	}

	/**
	 * Separate class, because Reactor is optional.
	 */
	private static final class WithReactor {

		static Publisher<ReplyPart> in(Publisher<ReplyPart> publisher, Observation observation) {
			return Flux.from(publisher)
				.contextWrite((context) -> context.put(ObservationThreadLocalAccessor.KEY, observation));
		}

	}

}
