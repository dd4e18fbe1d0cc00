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
 * One attempt at a reply, from its {@code assistant_started} to its last event. Safe for
 * use by many threads.
 * <ol>
 * <li>The {@link ReplyState} buffers the generator's text. If no delta is queued, one is
 * appended to the log. It takes its text at the moment the log writes it, so a reply has
 * at most one delta in the queue, which contains all text received by then.
 * <li>The {@link GeneratorCall} requests parts only while little text waits to be stored.
 * While Postgres is unavailable, the generator waits, and memory is bounded.
 * <li>The first of the generator's end, a cancellation, a time-out and a shutdown ends
 * the state. Later calls have no effect, and events appended earlier find no text left.
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
		this.journal = new ReplyJournal(claim, context, this::restart);
		this.scope = scope;
		this.call = new GeneratorCall(this, context, generator);
		this.state = new ReplyState(context.settings(), this.acceptedAt);
	}

	ClaimedReply claim() {
		return this.claim;
	}

	/**
	 * Returns the scope in which code for this reply runs.
	 */
	ReplyScope scope() {
		return this.scope;
	}

	/**
	 * Returns a future that completes when the last event of the reply is durable or
	 * cannot be stored.
	 * @return the future; it never fails
	 */
	CompletableFuture<@Nullable Void> stored() {
		return this.stored;
	}

	/**
	 * Appends {@code assistant_started}, which announces the reply and the attempt that
	 * it supersedes.
	 */
	void announce() {
		this.scope.run(() -> this.journal.started().whenComplete((appended, failure) -> abandonOn(failure)));
	}

	/**
	 * Calls the generator.
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
			this.state.called(System.nanoTime());
		}
	}

	/**
	 * Notes that the generator has returned.
	 * @return number of parts to request
	 */
	int onSubscribe() {
		return locked(() -> this.state.subscribed(System.nanoTime()));
	}

	/**
	 * Adds a part.
	 * @return number of further parts to request
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
	 * Notes activity of the generator other than parts.
	 */
	void alive() {
		synchronized (this.lock) {
			this.state.alive(System.nanoTime());
		}
	}

	void onComplete() {
		if (locked(this.state::isEmpty)) {
			onError(new NoAnswerException("the generator gave no answer: neither text nor a finish reason"));
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
	 * Ends the reply with its text so far.
	 * @return whether it was still running
	 */
	@Override
	public boolean cancel() {
		return complete("cancelled", "cancelled", true);
	}

	/**
	 * Ends the reply as failed, after its text so far. A reply with a finish reason is
	 * complete, and ends as such.
	 * @param failure the reason
	 * @return whether it was still running
	 */
	boolean fail(ReplyFailure failure) {
		return locked(this.state::isComplete) ? complete(null, "completed", true) : failIncomplete(failure, true, null);
	}

	/**
	 * Ends the reply if it has exceeded a time limit.
	 */
	@Override
	public void checkTime() {
		if (locked(() -> this.state.isOverdue(System.nanoTime()))) {
			fail(ReplyFailure.TIMEOUT);
		}
	}

	/**
	 * Ends the reply without an event, because another node has it, its session is
	 * closed, or its events cannot be stored.
	 * @return whether it was still running
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
	 * Gives the reply back because the log has lost events of it. The next attempt
	 * generates all of it again.
	 */
	private void restart() {
		if (abandon()) {
			this.scope.run(() -> logger.info("Restarting reply %s of session %s, because the log has lost a part of it"
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
			logger.info("Discarded output of reply %s of session %s: fenced by another node, or the session is closed"
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
