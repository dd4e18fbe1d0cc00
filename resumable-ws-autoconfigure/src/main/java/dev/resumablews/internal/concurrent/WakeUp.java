package dev.resumablews.internal.concurrent;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Wakes a loop that waits. Wake-ups that come before the loop waits are one. Safe for use
 * by many threads; one thread waits.
 */
public final class WakeUp {

	private final Semaphore due = new Semaphore(0);

	private volatile boolean closed;

	/**
	 * Lets the loop wait from now on.
	 */
	public void open() {
		this.closed = false;
	}

	/**
	 * Ends the wait, and each one until it is opened again: the loop is being stopped.
	 */
	public void close() {
		this.closed = true;
		wake();
	}

	/**
	 * Wakes the loop.
	 */
	public void wake() {
		this.due.release();
	}

	/**
	 * Waits until the loop is woken or the time is over.
	 * @param atMost how long to wait at most
	 * @throws InterruptedException if the thread was interrupted
	 */
	public void await(Duration atMost) throws InterruptedException {
		if (!this.closed) {
			this.due.tryAcquire(Math.max(0, atMost.toNanos()), TimeUnit.NANOSECONDS);
			this.due.drainPermits();
		}
	}

}
