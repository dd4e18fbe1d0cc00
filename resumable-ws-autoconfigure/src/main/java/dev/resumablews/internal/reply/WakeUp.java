package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Wakes a loop that waits. Wake-ups that come before the loop waits are one. Safe for use
 * by many threads; one thread waits.
 */
final class WakeUp {

	private final Semaphore due = new Semaphore(0);

	private volatile boolean closed;

	void open() {
		this.closed = false;
	}

	/**
	 * Ends the wait, and each one until it is opened again: the loop is being stopped.
	 */
	void close() {
		this.closed = true;
		wake();
	}

	void wake() {
		this.due.release();
	}

	void await(Duration atMost) throws InterruptedException {
		if (!this.closed) {
			this.due.tryAcquire(Math.max(0, atMost.toNanos()), TimeUnit.NANOSECONDS);
			this.due.drainPermits();
		}
	}

}
