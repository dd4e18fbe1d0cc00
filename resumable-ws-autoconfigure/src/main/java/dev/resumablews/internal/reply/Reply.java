package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ReplyRequest;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.log.FencedException;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Publisher;
import org.reactivestreams.Subscriber;
import org.reactivestreams.Subscription;

/**
 * One reply, from its {@code assistant_started} to the event that ends it. Safe for use
 * by many threads.
 * <ol>
 * <li>What the generator says is kept in a text. When no delta waits to be stored, one is
 * appended to the log; it says whatever has not been said yet at the moment the log
 * writes it. So deltas that would wait become one, and a reply has one in the queue at
 * most.
 * <li>The generator is asked for more only while little waits to be stored: while
 * Postgres is away it waits, and memory is bounded.
 * <li>Whoever comes first of the generator's end, a cancellation, a time-out and a
 * shutdown sets {@code ended}; all that comes later does nothing. An event that was
 * appended before that finds nothing left to say.
 * </ol>
 * The log is never called with the lock held, because the log calls back.
 */
final class Reply implements Runnable, Subscriber<ReplyPart> {

	private static final Log logger = LogFactory.getLog(Reply.class);

	/**
	 * Length of the longest delta. A few thousand characters at once look like typing; an
	 * event much longer would hold up other sessions' events in its batch.
	 */
	static final int MAX_DELTA = 16 * 1024;

	/**
	 * Length of what may wait to be stored before the generator is asked for no more.
	 */
	static final int MAX_WAITING = 64 * 1024;

	private static final int PREFETCH = 32;

	private static final Duration RETRY_INTERVAL = Duration.ofMillis(500);

	private final ClaimedReply claim;

	private final ReplyScheduler replies;

	private final ReplyGenerator generator;

	private final long acceptedAt = System.nanoTime();

	private final CompletableFuture<@Nullable Void> stored = new CompletableFuture<>();

	private final Object lock = new Object();

	private final ReplyText text;

	private final Map<String, Long> usage = new TreeMap<>();

	private @Nullable String finishReason;

	private @Nullable Thread worker;

	private @Nullable Subscription subscription;

	/**
	 * Parts the generator was asked for and has not given; while it is being called, 1.
	 */
	private int outstanding;

	private long lastHeard;

	private @Nullable AppendResult lastStored;

	private boolean deltaQueued;

	private boolean ended;

	Reply(ClaimedReply claim, ReplyScheduler replies, ReplyGenerator generator) {
		this.claim = claim;
		this.replies = replies;
		this.generator = generator;
		this.text = new ReplyText(replies.settings().maxCharacters());
	}

	ClaimedReply claim() {
		return this.claim;
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
		UUID previous = this.claim.previous();
		append(ReplyEvents.STARTED, () -> ReplyEvents.started(this.claim.messageId(), this.claim.inReplyTo(), previous),
				false, previous)
			.whenComplete((appended, failure) -> abandonOn(failure));
	}

	/**
	 * Asks the generator; the reply's turn has come.
	 */
	@Override
	public void run() {
		synchronized (this.lock) {
			if (this.ended) {
				return;
			}
			this.worker = Thread.currentThread();
		}
		try {
			ReplyRequest request = request();
			synchronized (this.lock) {
				this.outstanding = 1;
				this.lastHeard = System.nanoTime();
			}
			Publisher<ReplyPart> publisher = this.generator.generate(request);
			publisher.subscribe(this);
		}
		catch (InterruptedException ex) {
			fail(ReplyFailure.INTERRUPTED);
		}
		catch (Throwable ex) {
			onError(ex);
		}
		finally {
			synchronized (this.lock) {
				this.worker = null;
			}
			// the end of a reply interrupts its worker, which belongs to others now
			Thread.interrupted();
		}
	}

	private ReplyRequest request() throws InterruptedException {
		while (true) {
			try {
				return new ReplyRequest(this.claim.sessionId(), this.claim.userId(), this.claim.messageId(),
						this.claim.inReplyTo(),
						this.replies.log()
							.conversation(this.claim.sessionId(), this.claim.inReplyTo(),
									this.replies.settings().historyMessages()));
			}
			catch (EventLogUnavailableException ex) {
				logger.debug("Reply " + this.claim.messageId() + " waits for the event log", ex);
				LockSupport.parkNanos(RETRY_INTERVAL.toNanos());
				if (Thread.interrupted()) {
					throw new InterruptedException();
				}
			}
		}
	}

	@Override
	public void onSubscribe(Subscription subscription) {
		int demand = 0;
		synchronized (this.lock) {
			if (!this.ended && this.subscription == null) {
				this.subscription = subscription;
				this.outstanding = 0;
				this.lastHeard = System.nanoTime();
				demand = claimDemand();
			}
		}
		if (demand > 0) {
			subscription.request(demand);
		}
		else {
			subscription.cancel();
		}
	}

	@Override
	public void onNext(ReplyPart part) {
		boolean fits;
		boolean queueDelta;
		int demand;
		Subscription upstream;
		synchronized (this.lock) {
			if (this.ended) {
				return;
			}
			this.outstanding--;
			this.lastHeard = System.nanoTime();
			this.usage.putAll(part.usage());
			if (part.finishReason() != null) {
				this.finishReason = part.finishReason();
			}
			fits = this.text.add(part.text());
			queueDelta = fits && claimDelta();
			demand = fits ? claimDemand() : 0;
			upstream = this.subscription;
		}
		if (!fits) {
			complete("length", "completed", true);
			return;
		}
		if (queueDelta) {
			appendDelta();
		}
		if (demand > 0 && upstream != null) {
			upstream.request(demand);
		}
	}

	@Override
	public void onComplete() {
		complete(null, "completed", false);
	}

	@Override
	public void onError(Throwable ex) {
		if (fail(ReplyFailure.PROVIDER_ERROR, false)) {
			logger.warn("Reply %s to event %d of session %s failed: %s".formatted(this.claim.messageId(),
					this.claim.inReplyTo(), this.claim.sessionId(), cause(ex)));
			logger.debug("Reply " + this.claim.messageId() + " failed", ex);
		}
	}

	/**
	 * Ends the reply with what it has said so far.
	 * @return whether it had not ended yet
	 */
	boolean cancel() {
		return complete("cancelled", "cancelled", true);
	}

	/**
	 * Ends the reply as failed, after what it has said so far.
	 * @param failure why
	 * @return whether it had not ended yet
	 */
	boolean fail(ReplyFailure failure) {
		return fail(failure, true);
	}

	/**
	 * Ends the reply if it takes too long.
	 */
	void checkTime() {
		boolean tooLong;
		synchronized (this.lock) {
			long now = System.nanoTime();
			tooLong = now - this.acceptedAt > this.replies.settings().maxDuration().toNanos()
					|| (this.outstanding > 0 && now - this.lastHeard > this.replies.settings().idleTimeout().toNanos());
		}
		if (tooLong) {
			fail(ReplyFailure.TIMEOUT);
		}
	}

	private boolean complete(@Nullable String reason, String outcome, boolean stopGenerator) {
		String payload;
		synchronized (this.lock) {
			if (this.ended) {
				return false;
			}
			this.ended = true;
			this.text.end();
			String known = (this.finishReason != null) ? this.finishReason : "stop";
			payload = ReplyEvents.message(this.claim.messageId(), this.text.takeWhole(),
					(reason != null) ? reason : known, this.usage);
		}
		append(ReplyEvents.MESSAGE, () -> payload, true, this.claim.messageId()).whenComplete(this::lastEventStored);
		afterwards(outcome, stopGenerator);
		return true;
	}

	private boolean fail(ReplyFailure failure, boolean stopGenerator) {
		int untaken;
		synchronized (this.lock) {
			if (this.ended) {
				return false;
			}
			this.ended = true;
			this.text.end();
			untaken = this.text.untaken();
		}
		// one less, because a delta does not end within a surrogate pair
		for (int left = untaken; left > 0; left -= MAX_DELTA - 1) {
			appendDelta();
		}
		append(ReplyEvents.FAILED, () -> ReplyEvents.failed(this.claim.messageId(), failure), true, null)
			.whenComplete(this::lastEventStored);
		afterwards(failure.code(), stopGenerator);
		return true;
	}

	/**
	 * Ends the reply without an event: it is somebody else's, or its session is gone.
	 * @return whether it had not ended yet
	 */
	boolean abandon() {
		synchronized (this.lock) {
			if (this.ended) {
				return false;
			}
			this.ended = true;
			this.text.takeWhole();
		}
		this.stored.complete(null);
		afterwards("abandoned", true);
		return true;
	}

	private void afterwards(String outcome, boolean stopGenerator) {
		if (stopGenerator) {
			Subscription upstream;
			synchronized (this.lock) {
				upstream = this.subscription;
				if (this.worker != null && this.worker != Thread.currentThread()) {
					this.worker.interrupt();
				}
			}
			if (upstream != null) {
				try {
					upstream.cancel();
				}
				catch (RuntimeException ex) {
					logger.warn("Reply " + this.claim.messageId() + " could not cancel its generator: " + ex);
				}
			}
		}
		this.replies.ended(this, outcome, Duration.ofNanos(System.nanoTime() - this.acceptedAt));
	}

	private void lastEventStored(@Nullable AppendResult appended, @Nullable Throwable failure) {
		if (failure != null && cause(failure) instanceof FencedException) {
			logRefused();
		}
		else if (failure != null) {
			logger.warn("The end of reply %s of session %s could not be stored: %s".formatted(this.claim.messageId(),
					this.claim.sessionId(), cause(failure)));
		}
		this.stored.complete(null);
	}

	private boolean claimDelta() {
		if (this.deltaQueued || this.text.untaken() == 0) {
			return false;
		}
		this.deltaQueued = true;
		return true;
	}

	private int claimDemand() {
		if (this.outstanding > PREFETCH / 2 || this.text.untaken() >= MAX_WAITING) {
			return 0;
		}
		int demand = PREFETCH - this.outstanding;
		this.outstanding = PREFETCH;
		return demand;
	}

	private void appendDelta() {
		append(ReplyEvents.DELTA, this::nextDelta, false, null).whenComplete((appended, failure) -> {
			abandonOn(failure);
			goOn();
		});
	}

	private @Nullable String nextDelta() {
		ReplyText.Piece piece;
		synchronized (this.lock) {
			this.deltaQueued = false;
			piece = this.text.take(MAX_DELTA);
		}
		return (piece != null) ? ReplyEvents.delta(this.claim.messageId(), piece) : null;
	}

	/**
	 * Says what else there is to say, and asks a generator that had to wait for more.
	 */
	private void goOn() {
		boolean queueDelta;
		int demand;
		Subscription upstream;
		synchronized (this.lock) {
			if (this.ended) {
				return;
			}
			queueDelta = claimDelta();
			upstream = this.subscription;
			boolean stalled = upstream != null && this.outstanding == 0;
			demand = stalled ? claimDemand() : 0;
			this.lastHeard = (demand > 0) ? System.nanoTime() : this.lastHeard;
		}
		if (queueDelta) {
			appendDelta();
		}
		if (demand > 0 && upstream != null) {
			requestElsewhere(upstream, demand);
		}
	}

	/**
	 * A generator may do its work when it is asked for more, and this is the thread that
	 * writes the log.
	 */
	private void requestElsewhere(Subscription upstream, int demand) {
		try {
			this.replies.executor().execute(() -> upstream.request(demand));
		}
		catch (RejectedExecutionException ex) {
			fail(ReplyFailure.INTERRUPTED);
		}
	}

	private CompletableFuture<AppendResult> append(String type, Supplier<@Nullable String> payload, boolean ends,
			@Nullable UUID replaces) {
		CompletableFuture<AppendResult> append = this.replies.append(this.claim, this.claim.messageId(), type, payload,
				ends, replaces);
		append.thenAccept(this::follow);
		return append;
	}

	/**
	 * Gives the reply up if what it has stored before is not in the log any more, so that
	 * it begins again and says all of it.
	 */
	private void follow(AppendResult appended) {
		AppendResult before;
		synchronized (this.lock) {
			before = this.lastStored;
			this.lastStored = appended;
		}
		if (before != null && before.forks().sharedWith(appended.forks()) < before.eventId() && abandon()) {
			logger.info("Reply %s of session %s begins again, because the log has lost a part of it"
				.formatted(this.claim.messageId(), this.claim.sessionId()));
		}
	}

	private void abandonOn(@Nullable Throwable failure) {
		if (failure == null || failure instanceof CancellationException) {
			return;
		}
		if (!(cause(failure) instanceof FencedException)) {
			logger.warn("Reply %s of session %s is given up, because it could not be stored: %s"
				.formatted(this.claim.messageId(), this.claim.sessionId(), cause(failure)));
			abandon();
		}
		else if (abandon()) {
			logRefused();
		}
	}

	private void logRefused() {
		logger.info(
				"What reply %s of session %s still said was refused: another node has taken it over, or its session is closed"
					.formatted(this.claim.messageId(), this.claim.sessionId()));
	}

	private static Throwable cause(Throwable failure) {
		return (failure instanceof CompletionException && failure.getCause() != null) ? failure.getCause() : failure;
	}

}
