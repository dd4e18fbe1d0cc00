package dev.resumablews.internal.concurrent;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Wakes a waiting loop. Several wake-ups before a wait count as one. Safe for use by many
 * threads, of which one waits.
 */
public final class WakeUp {

	private final Semaphore due = new Semaphore(0);

	private volatile boolean closed;

	/**
	 * Allows the loop to wait.
	 */
	public void open() {
		this.closed = false;
	}

	/**
	 * Ends the current wait and prevents further waits until this is opened again, so
	 * that the loop can stop.
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
	 * Waits until the loop is woken or the time has elapsed.
	 * @param atMost maximum time to wait
	 * @throws InterruptedException if the thread was interrupted
	 */
	public void await(Duration atMost) throws InterruptedException {
		if (!this.closed) {
			this.due.tryAcquire(Math.max(0, atMost.toNanos()), TimeUnit.NANOSECONDS);
			this.due.drainPermits();
		}
	}

}
