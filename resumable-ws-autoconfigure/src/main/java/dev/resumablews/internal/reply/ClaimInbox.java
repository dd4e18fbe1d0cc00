package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;

/**
 * The work queue of the {@link ReplyClaimer}. Work is kept until it is done. Safe for use
 * by many threads, of which one takes work. Methods do not block unless stated otherwise.
 */
final class ClaimInbox {

	private ClaimWork waiting = new ClaimWork();

	/**
	 * Work on rows that were locked at the last attempt.
	 */
	private ClaimWork deferred = new ClaimWork();

	private long deferredUntil;

	private boolean working;

	private boolean closed;

	/**
	 * Adds the reply to a message that this node has just stored.
	 */
	synchronized void stored(ReplyKey key) {
		this.waiting.stored().add(key);
		notifyAll();
	}

	/**
	 * Adds the next reply of a session whose previous reply has ended here, and looks for
	 * other replies that wait for room.
	 */
	synchronized void ended(UUID sessionId) {
		this.waiting.sessions().add(sessionId);
		look();
	}

	/**
	 * Requests a search for replies that any node may claim.
	 */
	synchronized void look() {
		this.waiting.lookToo();
		notifyAll();
	}

	/**
	 * Adds a reply that this node gives back because it no longer runs it.
	 * @param attempted whether the attempt counts
	 */
	synchronized void giveBack(ClaimedReply claim, boolean attempted) {
		this.waiting.returned().put(claim, attempted);
		notifyAll();
	}

	/**
	 * Adds work on locked rows, to be retried after a delay.
	 */
	synchronized void defer(ClaimWork work, Duration delay) {
		if (this.deferred.isEmpty()) {
			this.deferredUntil = System.nanoTime() + delay.toNanos();
		}
		this.deferred.add(work);
	}

	/**
	 * Blocks until there is work, and takes it. The work must be {@link #finish
	 * finished}.
	 * @param nextLook the time of the next periodic search, by {@link System#nanoTime()}
	 * @return the work; empty if the inbox was closed
	 * @throws InterruptedException if the thread is interrupted
	 */
	synchronized ClaimWork take(long nextLook) throws InterruptedException {
		long left = untilWork(nextLook, System.nanoTime());
		while (left > 0 && !this.closed) {
			await(left);
			left = untilWork(nextLook, System.nanoTime());
		}
		ClaimWork work = this.waiting;
		this.waiting = new ClaimWork();
		long now = System.nanoTime();
		if (this.deferredUntil - now <= 0) {
			work.add(this.deferred);
			this.deferred = new ClaimWork();
		}
		if (nextLook - now <= 0) {
			work.lookToo();
		}
		this.working = true;
		return work;
	}

	/**
	 * Finishes work that was taken.
	 * @param undone the work to retry
	 */
	synchronized void finish(ClaimWork undone) {
		this.working = false;
		this.waiting.add(undone);
		notifyAll();
	}

	/**
	 * Blocks until all work is done.
	 * @param atMost maximum time to wait
	 * @return whether all work is done
	 * @throws InterruptedException if the thread is interrupted
	 */
	synchronized boolean awaitIdle(Duration atMost) throws InterruptedException {
		long deadline = System.nanoTime() + atMost.toNanos();
		while (this.working || !this.waiting.isEmpty() || !this.deferred.isEmpty()) {
			long left = deadline - System.nanoTime();
			if (left <= 0) {
				return false;
			}
			await(left);
		}
		return true;
	}

	synchronized void open() {
		this.closed = false;
	}

	/**
	 * Ends the wait for work until the inbox is opened again. Work is kept.
	 */
	synchronized void close() {
		this.closed = true;
		notifyAll();
	}

	private long untilWork(long nextLook, long now) {
		if (!this.waiting.isEmpty()) {
			return 0;
		}
		long untilLook = nextLook - now;
		return this.deferred.isEmpty() ? untilLook : Math.min(untilLook, this.deferredUntil - now);
	}

	private void await(long nanos) throws InterruptedException {
		TimeUnit.NANOSECONDS.timedWait(this, Math.max(nanos, TimeUnit.MILLISECONDS.toNanos(1)));
	}

}
