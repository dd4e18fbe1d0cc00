package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

import dev.resumablews.MessageRejectedException;
import dev.resumablews.PayloadCodecException;
import dev.resumablews.ReplyEndedEvent;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.internal.concurrent.Threads;
import dev.resumablews.internal.log.AppendRequest.LateBound;
import dev.resumablews.internal.log.AppendRequest.ReplyEvent;
import dev.resumablews.internal.log.AppendRequest.Role;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.observation.LogContext;
import dev.resumablews.internal.observation.Observations;
import dev.resumablews.internal.protocol.ErrorCode;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Runs the replies that this node holds. A reply is held from its claim until its last
 * event is stored or it is given back. One of the two happens in all cases, including
 * failures. Application code runs only on the threads of replies. Safe for use by many
 * threads. Methods do not block.
 * <p>
 * Longer than most classes, because starting, ending and giving back a reply must agree
 * on one set of held replies.
 */
final class ReplyRunner implements ReplyContext {

	private static final Log logger = LogFactory.getLog(ReplyRunner.class);

	private static final ThreadFactory LAST_CALLBACKS = Threads.named("resumable-ws-reply-last-");

	private final EventLog log;

	private final @Nullable ReplyGenerator generator;

	private final ReplySettings settings;

	private final Supplier<ReplyThreads> threadFactory;

	private final ResumableWsListener listener;

	private final Observations observations;

	private final HeldReplies held;

	private final ClaimInbox inbox;

	/**
	 * Number of replies that are held or whose generator has not returned: both a hanging
	 * generator and a reply that waits for Postgres take room. Replies of an earlier
	 * start are not counted.
	 */
	private volatile AtomicInteger busy = new AtomicInteger();

	private volatile ReplyThreads threads;

	/**
	 * Handles user messages instead of a generator; null if there is none.
	 */
	private volatile @Nullable StoredMessageHandler handler;

	private volatile boolean draining;

	/**
	 * Creates a runner.
	 * @param log stores replies
	 * @param generator generates replies; null if this node only stores messages
	 * @param settings settings of replies
	 * @param threadFactory creates the threads at each start
	 * @param listener notified when a reply has ended
	 * @param observations observes the attempts
	 * @param held the held replies
	 * @param inbox receives replies that are given back
	 */
	ReplyRunner(EventLog log, @Nullable ReplyGenerator generator, ReplySettings settings,
			Supplier<ReplyThreads> threadFactory, ResumableWsListener listener, Observations observations,
			HeldReplies held, ClaimInbox inbox) {
		this.log = log;
		this.generator = generator;
		this.settings = settings;
		this.threadFactory = threadFactory;
		this.threads = threadFactory.get();
		this.listener = listener;
		this.observations = observations;
		this.held = held;
		this.inbox = inbox;
	}

	/**
	 * Starts running replies.
	 * @param handler handles user messages instead of the generator; null if there is
	 * none
	 */
	void start(@Nullable StoredMessageHandler handler) {
		this.handler = handler;
		this.busy = new AtomicInteger();
		this.threads = this.threadFactory.get();
		this.draining = false;
	}

	/**
	 * Starts no further replies. Replies that are claimed or fail from now on are given
	 * back without counting the attempt.
	 */
	void drain() {
		this.draining = true;
	}

	/**
	 * Interrupts generators that have not returned.
	 */
	void stop() {
		this.threads.close();
	}

	boolean draining() {
		return this.draining;
	}

	@Override
	public EventLog log() {
		return this.log;
	}

	@Override
	public ReplySettings settings() {
		return this.settings;
	}

	@Override
	public Executor executor() {
		return this.threads;
	}

	@Override
	public void callBack(String activity, Runnable callback) {
		Runnable guarded = () -> {
			try {
				callback.run();
			}
			catch (Throwable ex) {
				logger.warn(activity + " failed", ex);
			}
		};
		try {
			this.threads.callBack(guarded);
		}
		catch (RejectedExecutionException ex) {
			// this node has just stopped
			LAST_CALLBACKS.newThread(guarded).start();
		}
	}

	@Override
	public CompletableFuture<AppendResult> append(ClaimedReply claim, UUID messageId, String type,
			Supplier<@Nullable String> payload, boolean ends, @Nullable UUID replaces) {
		CompletableFuture<AppendResult> result = append(new ReplyEvent(claim.sessionId(), messageId, claim.inReplyTo(),
				claim.fence(), type, role(type, ends), replaces, LateBound.of(payload)));
		if (ends) {
			result.whenComplete((stored, failure) -> {
				if (failure != null) {
					giveBack(claim);
				}
				else if (this.held.remove(claim)) {
					this.inbox.ended(claim.sessionId());
				}
			});
		}
		return result;
	}

	/**
	 * Appends an event. If payloads are encoded, the payload is bound when it is encoded.
	 */
	private CompletableFuture<AppendResult> append(ReplyEvent event) {
		if (!this.log.payloads().encodes()) {
			return this.log.append(event);
		}
		EncodedAppend append = new EncodedAppend(this.log, event);
		try {
			Executor observed = this.observations.current();
			this.threads.encode(event.messageId(), () -> observed.execute(append));
		}
		catch (RejectedExecutionException ex) {
			append.refuse("This node has stopped", ex);
		}
		return append.result();
	}

	private static Role role(String type, boolean ends) {
		if (ends) {
			return Role.END;
		}
		return type.equals(ReplyEvents.DELTA) ? Role.DELTA : Role.PART;
	}

	@Override
	public void ended(Reply reply, String outcome, Duration duration) {
		if (outcome.equals(ABANDONED)) {
			giveBack(reply.claim());
		}
		ClaimedReply claim = reply.claim();
		ReplyEndedEvent event = new ReplyEndedEvent(claim.sessionId(), claim.userId(), claim.messageId(),
				claim.inReplyTo(), outcome, duration);
		callBack("Reporting the end of a reply", () -> {
			this.listener.onReplyEnded(outcome, duration);
			this.listener.onReplyEnded(event);
		});
	}

	/**
	 * Returns the number of running replies.
	 */
	int running() {
		return this.busy.get();
	}

	/**
	 * Returns how many replies may start.
	 * @return the number; may be negative
	 */
	int room() {
		return this.draining ? 0 : this.settings.maxConcurrent() - this.busy.get();
	}

	/**
	 * Starts a reply. Gives it back if that fails.
	 */
	void begin(ClaimedReply claim, long claimedAt) {
		HeldReply held = this.held.add(claim, claimedAt);
		try {
			StoredMessageHandler handler = this.handler;
			if (handler != null) {
				startHandling(held, handler);
			}
			else if (claim.cancelled()) {
				this.threads.callBack(() -> guarded(claim, () -> endCancelled(claim)));
			}
			else if (this.draining) {
				giveBack(claim);
			}
			else if (mayNotStart(claim)) {
				UUID messageId = lastKnown(claim);
				append(claim, messageId, ReplyEvents.FAILED,
						() -> ReplyEvents.failed(messageId, ReplyFailure.INTERRUPTED), true, null);
			}
			else if (this.generator != null) {
				run(held, this.generator);
			}
		}
		catch (Throwable ex) {
			failed(claim, ex);
		}
	}

	private void startHandling(HeldReply held, StoredMessageHandler handler) {
		ClaimedReply claim = held.claim();
		if (this.draining) {
			giveBack(claim);
		}
		else if (claim.attempts() > this.settings.maxAttempts()) {
			logger.warn("Giving up message %d of session %s after %d takeovers".formatted(claim.inReplyTo(),
					claim.sessionId(), claim.attempts() - 1));
			failMessage(claim, "failed", "The message could not be handled");
		}
		else {
			Handling handling = new Handling(claim, handler, ReplyScope.of(claim, this.observations),
					this.settings.maxDuration(), new HandlingOutcome(handler));
			execute(held, handling, handling, handler.executor(claim.userId(), this.threads));
		}
	}

	private void failMessage(ClaimedReply claim, String code, String message) {
		append(claim, claim.messageId(), ReplyEvents.MESSAGE_FAILED,
				() -> ReplyEvents.messageFailed(claim.inReplyTo(), code, message), true, null);
	}

	private boolean mayNotStart(ClaimedReply claim) {
		boolean begun = claim.previous() != null;
		return begun && !this.settings.restart() || claim.attempts() > this.settings.maxAttempts();
	}

	/**
	 * Returns the message id that clients know, or the claim's if no attempt has started.
	 */
	private static UUID lastKnown(ClaimedReply claim) {
		return (claim.previous() != null) ? claim.previous() : claim.messageId();
	}

	private void run(HeldReply held, ReplyGenerator generator) {
		Reply reply = new Reply(held.claim(), this, generator, ReplyScope.of(held.claim(), this.observations));
		execute(held, reply, () -> {
			try {
				reply.run();
			}
			catch (Throwable ex) {
				reply.onError(ex);
			}
		}, this.threads);
	}

	private void execute(HeldReply held, ClaimedWork work, Runnable task, Executor executor) {
		held.runs(work);
		CompletableFuture<@Nullable Void> back = new CompletableFuture<>();
		AtomicInteger busy = this.busy;
		busy.incrementAndGet();
		CompletableFuture.allOf(back, held.released()).thenRun(() -> {
			busy.decrementAndGet();
			this.inbox.look();
		});
		try {
			if (work instanceof Reply reply) {
				reply.announce();
			}
			executor.execute(() -> {
				try {
					task.run();
				}
				finally {
					back.complete(null);
				}
			});
		}
		catch (Throwable ex) {
			back.complete(null);
			work.abandon();
			throw ex;
		}
		if (this.draining) {
			giveUp(held);
		}
	}

	/**
	 * Ends a reply that was cancelled before this node claimed it, with the text of its
	 * last attempt.
	 */
	private void endCancelled(ClaimedReply claim) {
		UUID messageId = lastKnown(claim);
		String text;
		try {
			text = (claim.previous() != null) ? PartialReplyReader.of(this.log, claim) : "";
		}
		catch (PayloadCodecException ex) {
			// keeps the deltas, which may be readable with another key
			logger.warn("Reply %s is ended as failed, because its text could not be decoded: %s".formatted(messageId,
					ex.getMessage()));
			append(claim, messageId, ReplyEvents.FAILED, () -> ReplyEvents.failed(messageId, ReplyFailure.INTERRUPTED),
					true, null);
			return;
		}
		append(claim, messageId, ReplyEvents.MESSAGE, () -> ReplyEvents.message(messageId, text, "cancelled", Map.of()),
				true, messageId);
	}

	private void guarded(ClaimedReply claim, Runnable task) {
		try {
			LogContext.run(claim.sessionId(), null, task);
		}
		catch (Throwable ex) {
			failed(claim, ex);
		}
	}

	private void failed(ClaimedReply claim, Throwable failure) {
		LogContext.run(claim.sessionId(), null,
				() -> logger.warn("Reply %s of session %s could not be started and is given back: %s"
					.formatted(claim.messageId(), claim.sessionId(), failure)));
		giveBack(claim);
	}

	/**
	 * Gives back a reply that does not end here. Does nothing if the reply was already
	 * released.
	 */
	private void giveBack(ClaimedReply claim) {
		if (this.held.remove(claim)) {
			this.inbox.giveBack(claim, !this.draining);
		}
	}

	/**
	 * Leaves a running reply to the next node, or ends it if replies must not be
	 * restarted.
	 */
	void giveUp(HeldReply held) {
		ClaimedWork work = held.work();
		if (work instanceof Reply reply && !this.settings.restart()) {
			reply.fail(ReplyFailure.INTERRUPTED);
		}
		else if (work != null) {
			work.abandon();
		}
	}

	/**
	 * Cancels a reply.
	 * @return whether it was still running
	 */
	boolean cancel(HeldReply held) {
		ClaimedWork work = held.work();
		return work != null && work.cancel();
	}

	/**
	 * Stops a reply that this node no longer owns.
	 */
	void lost(HeldReply held) {
		ClaimedWork work = held.work();
		if (work != null) {
			work.abandon();
		}
		giveBack(held.claim());
	}

	/**
	 * Ends replies that have exceeded a time limit.
	 */
	void checkTime() {
		for (HeldReply held : this.held.all()) {
			ClaimedWork work = held.work();
			if (work != null) {
				try {
					work.checkTime();
				}
				catch (Throwable ex) {
					logger.warn("Failed to check the time limits of reply " + held.claim().messageId(), ex);
				}
			}
		}
	}

	/**
	 * Handles the result of an attempt to handle a message.
	 */
	private final class HandlingOutcome implements Handling.Outcome {

		private final StoredMessageHandler handler;

		private HandlingOutcome(StoredMessageHandler handler) {
			this.handler = handler;
		}

		@Override
		public void handled(ClaimedReply claim) {
			ReplyRunner.this.held.remove(claim);
			ReplyRunner.this.inbox.ended(claim.sessionId());
		}

		@Override
		public void failed(ClaimedReply claim, Throwable failure) {
			MessageRejectedException rejected = this.handler.rejection(failure);
			if (rejected != null) {
				logger.debug("Message %d of session %s is rejected".formatted(claim.inReplyTo(), claim.sessionId()),
						failure);
				failMessage(claim, ErrorCode.of(rejected).wireName(), String.valueOf(rejected.getMessage()));
				return;
			}
			boolean last = claim.attempts() >= ReplyRunner.this.settings.maxAttempts();
			this.handler.failed("Attempt %d to handle message %d of session %s failed, %s".formatted(claim.attempts(),
					claim.inReplyTo(), claim.sessionId(), last ? "giving up" : "will retry"), failure);
			if (last) {
				failMessage(claim, "failed", "The message could not be handled");
			}
			else {
				giveBack(claim);
			}
		}

		@Override
		public void abandoned(ClaimedReply claim) {
			giveBack(claim);
		}

	}

}
