package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * One attempt of the application's handler to handle a stored user message. It ends once,
 * with the first of: handled, failed, abandoned. While Postgres is unavailable, it waits
 * and keeps its claim. Safe for use by many threads.
 */
final class Handling implements ClaimedWork, Runnable {

	private static final Log logger = LogFactory.getLog(Handling.class);

	private static final Duration RETRY_INTERVAL = Duration.ofMillis(500);

	private final ClaimedReply claim;

	private final StoredMessageHandler handler;

	private final ReplyScope scope;

	private final Outcome outcome;

	private final long longestNanos;

	private final Object lock = new Object();

	/**
	 * Guarded by the lock.
	 */
	private @Nullable Thread worker;

	/**
	 * Time of the call of the handler. Guarded by the lock.
	 */
	private long calledAt;

	/**
	 * Guarded by the lock.
	 */
	private boolean ended;

	/**
	 * Creates an attempt.
	 * @param scope the observation and log context on the handler's thread
	 * @param longest time after which a call of the handler is interrupted
	 */
	Handling(ClaimedReply claim, StoredMessageHandler handler, ReplyScope scope, Duration longest, Outcome outcome) {
		this.claim = claim;
		this.handler = handler;
		this.scope = scope;
		this.longestNanos = longest.toNanos();
		this.outcome = outcome;
	}

	/**
	 * Callback for the end of an attempt. The methods are called without a lock.
	 */
	interface Outcome {

		/**
		 * The claim has ended or belongs to another node, possibly after the attempt was
		 * abandoned.
		 */
		void handled(ClaimedReply claim);

		void failed(ClaimedReply claim, Throwable failure);

		void abandoned(ClaimedReply claim);

	}

	/**
	 * Calls the handler, unless this attempt was already abandoned.
	 */
	@Override
	public void run() {
		boolean retried = false;
		try {
			while (isCalled()) {
				try {
					AtomicBoolean kept = new AtomicBoolean();
					this.scope.run(() -> kept.set(this.handler.handle(this.claim)));
					if (end()) {
						// after a lost answer, the claim has most likely ended with the
						// commit before
						this.scope.ended((kept.get() || retried) ? "completed" : ReplyContext.ABANDONED);
					}
					this.outcome.handled(this.claim);
					return;
				}
				catch (EventLogUnavailableException ex) {
					retried = true;
					logger.debug("Message %d of session %s waits for the event log".formatted(this.claim.inReplyTo(),
							this.claim.sessionId()), ex);
					LockSupport.parkNanos(RETRY_INTERVAL.toNanos());
					// isCalled() ends the loop; with the interrupt set, parkNanos would
					// not pause
					Thread.interrupted();
				}
			}
		}
		catch (Throwable ex) {
			if (end()) {
				this.scope.failed(ex);
				this.scope.ended("failed");
				this.outcome.failed(this.claim, ex);
			}
		}
		finally {
			synchronized (this.lock) {
				this.worker = null;
			}
			// clears an interrupt of the ended attempt before the thread is reused
			Thread.interrupted();
		}
	}

	private boolean isCalled() {
		synchronized (this.lock) {
			this.worker = Thread.currentThread();
			this.calledAt = System.nanoTime();
			return !this.ended;
		}
	}

	private boolean end() {
		synchronized (this.lock) {
			if (this.ended) {
				return false;
			}
			this.ended = true;
			return true;
		}
	}

	/**
	 * Does nothing, because only replies are cancelled.
	 */
	@Override
	public boolean cancel() {
		return false;
	}

	@Override
	public boolean abandon() {
		if (!end()) {
			return false;
		}
		interrupt();
		this.scope.ended(ReplyContext.ABANDONED);
		this.outcome.abandoned(this.claim);
		return true;
	}

	@Override
	public void checkTime() {
		synchronized (this.lock) {
			if (this.worker == null || this.ended || System.nanoTime() - this.calledAt <= this.longestNanos) {
				return;
			}
			this.calledAt = System.nanoTime();
		}
		logger
			.warn("Interrupting the handler of user messages, because it has exceeded resumable-ws.reply.max-duration");
		interrupt();
	}

	private void interrupt() {
		synchronized (this.lock) {
			if (this.worker != null) {
				this.worker.interrupt();
			}
		}
	}

}
