package dev.resumablews.internal.observation;

import java.util.UUID;
import java.util.concurrent.Executor;

import dev.resumablews.observation.AppendObservationContext;
import dev.resumablews.observation.AppendObservationContext.Source;
import dev.resumablews.observation.AppendObservationConvention;
import dev.resumablews.observation.DefaultAppendObservationConvention;
import dev.resumablews.observation.DefaultMessageObservationConvention;
import dev.resumablews.observation.DefaultReplyObservationConvention;
import dev.resumablews.observation.MessageObservationContext;
import dev.resumablews.observation.MessageObservationConvention;
import dev.resumablews.observation.ReplyObservationContext;
import dev.resumablews.observation.ReplyObservationConvention;
import dev.resumablews.observation.ResumableWsObservation;
import io.micrometer.observation.Observation;
import io.micrometer.observation.Observation.ContextView;
import io.micrometer.observation.ObservationConvention;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.ObservationView;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Starts the observations of this library. Without observation handlers, each method
 * returns immediately and creates no objects. Exceptions of handlers are logged and do
 * not reach the caller. Safe for use by many threads.
 */
public final class Observations {

	/**
	 * Observes nothing.
	 */
	public static final Observations NONE = new Observations(ObservationRegistry.NOOP, null, null, null);

	private static final Log logger = LogFactory.getLog(Observations.class);

	private static final MessageObservationConvention MESSAGES = new DefaultMessageObservationConvention();

	private static final AppendObservationConvention APPENDS = new DefaultAppendObservationConvention();

	private static final ReplyObservationConvention REPLIES = new DefaultReplyObservationConvention();

	private final ObservationRegistry registry;

	private final @Nullable MessageObservationConvention messages;

	private final @Nullable AppendObservationConvention appends;

	private final @Nullable ReplyObservationConvention replies;

	/**
	 * Creates an instance.
	 * @param registry the registry of the observations
	 * @param messages the application's convention for messages; null for the default
	 * @param appends the application's convention for appends; null for the default
	 * @param replies the application's convention for replies; null for the default
	 */
	public Observations(ObservationRegistry registry, @Nullable MessageObservationConvention messages,
			@Nullable AppendObservationConvention appends, @Nullable ReplyObservationConvention replies) {
		this.registry = registry;
		this.messages = messages;
		this.appends = appends;
		this.replies = replies;
	}

	/**
	 * Returns the observation of a message of a client, which begins when the message is
	 * handled for a session.
	 * @param type the message's type, one of a fixed set; null if it is not observed
	 * @param senderId the connection or request that it came on
	 * @return the observation
	 */
	public MessageObservation message(@Nullable String type, UUID senderId) {
		return new MessageObservation(this, type, senderId);
	}

	/**
	 * Starts the observation of an append.
	 * @param source the origin of the event
	 * @param sessionId its session
	 * @param type its type
	 * @return the observation, which has an {@link AppendObservationContext} unless it is
	 * a {@linkplain Observation#isNoop() no-op}
	 */
	public Observation append(Source source, UUID sessionId, String type) {
		if (this.registry.isNoop()) {
			return Observation.NOOP;
		}
		return start(ResumableWsObservation.APPEND, this.appends, APPENDS,
				new AppendObservationContext(source, sessionId, type));
	}

	/**
	 * Starts the observation of an attempt at a reply.
	 * @param trace the result of {@link #currentTrace()} for the message
	 * @param sessionId its session
	 * @param messageId the message id of the attempt
	 * @param inReplyTo the event that the reply answers
	 * @param attempt the number of times the reply was claimed, including this one
	 * @return the observation, which has a {@link ReplyObservationContext} unless it is a
	 * {@linkplain Observation#isNoop() no-op}
	 */
	public Observation reply(@Nullable String trace, UUID sessionId, UUID messageId, long inReplyTo, int attempt) {
		if (this.registry.isNoop()) {
			return Observation.NOOP;
		}
		return start(ResumableWsObservation.REPLY, this.replies, REPLIES,
				new ReplyObservationContext(StoredTrace.decode(trace), sessionId, messageId, inReplyTo, attempt));
	}

	/**
	 * Returns the trace of the message that the current thread handles, to be stored.
	 * @return the trace; null if there is no tracer
	 */
	public @Nullable String currentTrace() {
		if (this.registry.isNoop()) {
			return null;
		}
		ObservationView view = this.registry.getCurrentObservation();
		while (view != null) {
			ContextView context = view.getContextView();
			if (context instanceof MessageObservationContext message) {
				return StoredTrace.encode(message.getCarrier());
			}
			view = context.getParentObservation();
		}
		return null;
	}

	/**
	 * Returns an executor that runs tasks in the current observation scope, on the
	 * calling thread.
	 * @return an executor that runs each task immediately
	 */
	public Executor current() {
		Observation current = this.registry.isNoop() ? null : this.registry.getCurrentObservation();
		return (current != null) ? (task) -> current.scoped(task) : Runnable::run;
	}

	/**
	 * Ends an observation.
	 * @param observation the observation
	 */
	public static void stop(Observation observation) {
		try {
			observation.stop();
		}
		catch (RuntimeException ex) {
			logger.warn("Failed to stop an observation", ex);
		}
	}

	Observation startMessage(String type, UUID sessionId, UUID senderId) {
		if (this.registry.isNoop()) {
			return Observation.NOOP;
		}
		return start(ResumableWsObservation.MESSAGE, this.messages, MESSAGES,
				new MessageObservationContext(type, sessionId, senderId));
	}

	private <C extends Observation.Context> Observation start(ResumableWsObservation observation,
			@Nullable ObservationConvention<C> custom, ObservationConvention<C> standard, C context) {
		try {
			return observation.observation(custom, standard, () -> context, this.registry).start();
		}
		catch (RuntimeException ex) {
			logger.warn("Failed to start an observation", ex);
			return Observation.NOOP;
		}
	}

}
