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
 * Runs the replies that this node holds. A reply is held from its claim until the event
 * that ends it is stored, or until it is given back: whatever goes wrong, one of the two
 * happens. Code of the application runs on the threads of replies only. Safe for use by
 * many threads; methods do not block.
 * <p>
 * Longer than most classes, since beginning, ending and giving back a reply must agree on
 * one set of held replies.
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
	 * Replies whose thread is not back, or that are held: a generator that hangs, and a
	 * reply that waits for Postgres, take room. Those of an earlier start do not.
	 */
	private volatile AtomicInteger busy = new AtomicInteger();

	private volatile ReplyThreads threads;

	/**
	 * What handles user messages instead of a generator; null if nothing does.
	 */
	private volatile @Nullable StoredMessageHandler handler;

	private volatile boolean draining;

	/**
	 * Creates a runner.
	 * @param log where replies are stored
	 * @param generator what answers; null if this node only stores messages
	 * @param settings bounds of replies
	 * @param threadFactory creates the threads, at each start
	 * @param listener is called when a reply has ended
	 * @param observations observes the attempts
	 * @param held the replies that are held
	 * @param inbox where replies are given back
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
	 * Starts.
	 * @param handler handles user messages instead of the generator; null if nothing does
	 */
	void start(@Nullable StoredMessageHandler handler) {
		this.handler = handler;
		this.busy = new AtomicInteger();
		this.threads = this.threadFactory.get();
		this.draining = false;
	}

	/**
	 * Begins no further replies. Those that are claimed or fail from now on are given
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
	 * Appends an event, once it is encoded if payloads are: then its payload is bound
	 * when its turn to be encoded has come.
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
		callBack("Noting the end of a reply", () -> {
			this.listener.onReplyEnded(outcome, duration);
			this.listener.onReplyEnded(event);
		});
	}

	/**
	 * Returns how many replies run.
	 */
	int running() {
		return this.busy.get();
	}

	/**
	 * Returns how many replies may begin.
	 * @return the number; may be negative
	 */
	int room() {
		return this.draining ? 0 : this.settings.maxConcurrent() - this.busy.get();
	}

	/**
	 * Begins a reply. Whatever goes wrong, the reply is given back.
	 */
	void begin(ClaimedReply claim, long claimedAt) {
		HeldReply held = this.held.add(claim, claimedAt);
		try {
			StoredMessageHandler handler = this.handler;
			if (handler != null) {
				beginHandling(held, handler);
			}
			else if (claim.cancelled()) {
				this.threads.callBack(() -> guarded(claim, () -> endCancelled(claim)));
			}
			else if (this.draining) {
				giveBack(claim);
			}
			else if (mayNotBegin(claim)) {
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

	private void beginHandling(HeldReply held, StoredMessageHandler handler) {
		ClaimedReply claim = held.claim();
		if (this.draining) {
			giveBack(claim);
		}
		else if (claim.attempts() > this.settings.maxAttempts()) {
			logger.warn("Message %d of session %s is given up, because it was taken over %d times"
				.formatted(claim.inReplyTo(), claim.sessionId(), claim.attempts() - 1));
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

	private boolean mayNotBegin(ClaimedReply claim) {
		boolean begun = claim.previous() != null;
		return begun && !this.settings.restart() || claim.attempts() > this.settings.maxAttempts();
	}

	/**
	 * Returns the message id that clients know the reply by, or its own if no attempt has
	 * begun.
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
		CompletableFuture.allOf(back, held.letGo()).thenRun(() -> {
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
	 * Ends a reply that was cancelled before this node claimed it, with what it had said.
	 */
	private void endCancelled(ClaimedReply claim) {
		UUID messageId = lastKnown(claim);
		String said;
		try {
			said = (claim.previous() != null) ? PartialReplyReader.of(this.log, claim) : "";
		}
		catch (PayloadCodecException ex) {
			// with its deltas, which may be of use with another key
			logger.warn("Reply %s is not ended with what it has said: %s".formatted(messageId, ex.getMessage()));
			append(claim, messageId, ReplyEvents.FAILED, () -> ReplyEvents.failed(messageId, ReplyFailure.INTERRUPTED),
					true, null);
			return;
		}
		append(claim, messageId, ReplyEvents.MESSAGE, () -> ReplyEvents.message(messageId, said, "cancelled", Map.of()),
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
				() -> logger.warn("Reply %s of session %s could not be begun, and is given back: %s"
					.formatted(claim.messageId(), claim.sessionId(), failure)));
		giveBack(claim);
	}

	/**
	 * Lets a reply go that does not end here. Does nothing if that was done before.
	 */
	private void giveBack(ClaimedReply claim) {
		if (this.held.remove(claim)) {
			this.inbox.giveBack(claim, !this.draining);
		}
	}

	/**
	 * Leaves a reply that still runs to the next node, or ends it.
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
	 * Ends a reply that is to be cancelled.
	 * @return whether it had not ended yet
	 */
	boolean cancel(HeldReply held) {
		ClaimedWork work = held.work();
		return work != null && work.cancel();
	}

	/**
	 * Stops a reply that is no longer this node's.
	 */
	void lost(HeldReply held) {
		ClaimedWork work = held.work();
		if (work != null) {
			work.abandon();
		}
		giveBack(held.claim());
	}

	/**
	 * Ends replies that take too long.
	 */
	void checkTime() {
		for (HeldReply held : this.held.all()) {
			ClaimedWork work = held.work();
			if (work != null) {
				try {
					work.checkTime();
				}
				catch (Throwable ex) {
					logger.warn("Reply " + held.claim().messageId() + " could not be timed", ex);
				}
			}
		}
	}

	/**
	 * What becomes of a message's claim after an attempt to handle it.
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
			this.handler.failed(
					"Attempt %d to handle message %d of session %s failed, and %s".formatted(claim.attempts(),
							claim.inReplyTo(), claim.sessionId(), last ? "it is given up" : "it will be tried again"),
					failure);
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
