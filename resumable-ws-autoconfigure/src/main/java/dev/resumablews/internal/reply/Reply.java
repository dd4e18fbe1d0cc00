package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.log.FencedException;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * One reply, from its {@code assistant_started} to the event that ends it. Safe for use
 * by many threads.
 * <ol>
 * <li>The {@link ReplyState} keeps the text that the generator gives. When no delta waits
 * to be stored, one is appended to the log; it takes its text at the moment the log
 * writes it. So deltas that would wait become one, and a reply has one in the queue at
 * most.
 * <li>The {@link GeneratorCall} asks the generator for more only while little waits to be
 * stored: while Postgres is away it waits, and memory is bounded.
 * <li>The first of the generator's end, a cancellation, a time-out and a shutdown ends
 * the state; all that comes later does nothing. An event that was appended before that
 * finds no text left.
 * </ol>
 * The log is never called with the lock held, because the log calls back.
 */
final class Reply implements ClaimedWork, Runnable {

	private static final Log logger = LogFactory.getLog(Reply.class);

	private final ClaimedReply claim;

	private final ReplyContext context;

	private final ReplyJournal journal;

	private final GeneratorCall call;

	private final ReplyScope scope;

	private final long acceptedAt = System.nanoTime();

	private final CompletableFuture<@Nullable Void> stored = new CompletableFuture<>();

	private final Object lock = new Object();

	/**
	 * Guarded by the lock.
	 */
	private final ReplyState state;

	Reply(ClaimedReply claim, ReplyContext context, ReplyGenerator generator, ReplyScope scope) {
		this.claim = claim;
		this.context = context;
		this.journal = new ReplyJournal(claim, context, this::beginAgain);
		this.scope = scope;
		this.call = new GeneratorCall(this, context, generator);
		this.state = new ReplyState(context.settings(), this.acceptedAt);
	}

	ClaimedReply claim() {
		return this.claim;
	}

	/**
	 * Returns what code that works on this reply is run in.
	 */
	ReplyScope scope() {
		return this.scope;
	}

	/**
	 * Returns what completes when the reply has ended and the event that says so is
	 * durable, or cannot be stored any more.
	 * @return the future; it never fails
	 */
	CompletableFuture<@Nullable Void> stored() {
		return this.stored;
	}

	/**
	 * Tells the client that there is a reply, and which attempt it makes obsolete.
	 */
	void announce() {
		this.scope.run(() -> this.journal.started().whenComplete((appended, failure) -> abandonOn(failure)));
	}

	/**
	 * Calls the generator; the reply's turn has come.
	 */
	@Override
	public void run() {
		this.scope.run(this.call);
	}

	/**
	 * Notes that the generator is being called.
	 */
	void onCall() {
		synchronized (this.lock) {
			this.state.asked(System.nanoTime());
		}
	}

	/**
	 * Notes that the generator has returned.
	 * @return how many parts to ask for
	 */
	int onSubscribe() {
		return locked(() -> this.state.subscribed(System.nanoTime()));
	}

	/**
	 * Adds a part.
	 * @return how many more to ask for
	 */
	int onNext(ReplyPart part) {
		ReplyState.Next next = locked(() -> this.state.received(part, System.nanoTime()));
		if (next.full()) {
			complete("length", "completed", true);
		}
		if (next.appendDelta()) {
			appendDelta();
		}
		return next.demand();
	}

	/**
	 * Notes a sign of life of the generator that is no part.
	 */
	void alive() {
		synchronized (this.lock) {
			this.state.alive(System.nanoTime());
		}
	}

	void onComplete() {
		if (locked(this.state::isEmpty)) {
			onError(new NoAnswerException("the generator gave no answer, neither a text nor a reason why it ended"));
		}
		else {
			complete(null, "completed", false);
		}
	}

	void onError(Throwable ex) {
		logger.debug("The generator of reply " + this.claim.messageId() + " failed", ex);
		if (locked(this.state::isComplete)) {
			complete(null, "completed", false);
		}
		else if (failIncomplete(ReplyFailure.PROVIDER_ERROR, false, ex)) {
			this.scope
				.run(() -> logger.warn("Reply %s to event %d of session %s failed: %s".formatted(this.claim.messageId(),
						this.claim.inReplyTo(), this.claim.sessionId(), FailureSummary.of(ex))));
		}
	}

	/**
	 * Ends the reply with what it has said so far.
	 * @return whether it had not ended yet
	 */
	@Override
	public boolean cancel() {
		return complete("cancelled", "cancelled", true);
	}

	/**
	 * Ends the reply as failed, after what it has said so far. A reply whose generator
	 * has said why it ends is complete, and ends as such.
	 * @param failure why
	 * @return whether it had not ended yet
	 */
	boolean fail(ReplyFailure failure) {
		return locked(this.state::isComplete) ? complete(null, "completed", true) : failIncomplete(failure, true, null);
	}

	/**
	 * Ends the reply if it takes too long.
	 */
	@Override
	public void checkTime() {
		if (locked(() -> this.state.isOverdue(System.nanoTime()))) {
			fail(ReplyFailure.TIMEOUT);
		}
	}

	/**
	 * Ends the reply without an event: it is another node's, its session is gone, or its
	 * events cannot be stored.
	 * @return whether it had not ended yet
	 */
	@Override
	public boolean abandon() {
		if (!locked(this.state::abandon)) {
			return false;
		}
		this.stored.complete(null);
		ended(ReplyContext.ABANDONED, true);
		return true;
	}

	/**
	 * Gives the reply up, because what it has stored before is not in the log any more.
	 * So it begins again and says all of it.
	 */
	private void beginAgain() {
		if (abandon()) {
			this.scope
				.run(() -> logger.info("Reply %s of session %s begins again, because the log has lost a part of it"
					.formatted(this.claim.messageId(), this.claim.sessionId())));
		}
	}

	private boolean complete(@Nullable String reason, String outcome, boolean stopGenerator) {
		ReplyState.Whole whole = locked(() -> this.state.complete(reason));
		if (whole == null) {
			return false;
		}
		this.scope.run(() -> this.journal.message(whole).whenComplete(this::lastEventStored));
		ended(outcome, stopGenerator);
		return true;
	}

	private <T extends @Nullable Object> T locked(Supplier<T> decision) {
		synchronized (this.lock) {
			return decision.get();
		}
	}

	private boolean failIncomplete(ReplyFailure failure, boolean stopGenerator, @Nullable Throwable cause) {
		int deltas = locked(this.state::fail);
		if (deltas < 0) {
			return false;
		}
		for (int i = 0; i < deltas; i++) {
			appendDelta();
		}
		if (cause != null) {
			this.scope.failed(cause);
		}
		this.scope.run(() -> this.journal.failed(failure).whenComplete(this::lastEventStored));
		ended(failure.code(), stopGenerator);
		return true;
	}

	private void ended(String outcome, boolean stopGenerator) {
		if (stopGenerator) {
			this.call.stop("Cancelling the generator of reply " + this.claim.messageId());
		}
		this.scope.ended(outcome);
		this.context.ended(this, outcome, Duration.ofNanos(System.nanoTime() - this.acceptedAt));
	}

	private void appendDelta() {
		this.journal.delta(this::takeDelta).whenComplete((appended, failure) -> {
			abandonOn(failure);
			deltaStored();
		});
	}

	private ReplyText.@Nullable Piece takeDelta() {
		return locked(this.state::takeDelta);
	}

	private void deltaStored() {
		ReplyState.Next next = locked(() -> this.state.stored(System.nanoTime()));
		if (next.appendDelta()) {
			appendDelta();
		}
		if (next.demand() > 0) {
			this.call.request(next.demand());
		}
	}

	private void lastEventStored(@Nullable AppendResult appended, @Nullable Throwable failure) {
		if (failure != null) {
			logNotStored(failure);
		}
		this.stored.complete(null);
	}

	private void abandonOn(@Nullable Throwable failure) {
		if (failure != null && !(failure instanceof CancellationException) && abandon()) {
			logNotStored(failure);
		}
	}

	private void logNotStored(Throwable failure) {
		this.scope.run(() -> doLogNotStored(failure));
	}

	private void doLogNotStored(Throwable failure) {
		if (cause(failure) instanceof FencedException) {
			logger.info("Events of reply %s of session %s were refused: its session is closed, or another node runs it"
				.formatted(this.claim.messageId(), this.claim.sessionId()));
		}
		else {
			logger.warn("Reply %s of session %s is given up, because its events could not be stored: %s"
				.formatted(this.claim.messageId(), this.claim.sessionId(), cause(failure)));
		}
	}

	private static Throwable cause(Throwable failure) {
		return (failure instanceof CompletionException && failure.getCause() != null) ? failure.getCause() : failure;
	}

}
