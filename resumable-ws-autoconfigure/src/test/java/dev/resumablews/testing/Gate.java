package dev.resumablews.testing;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Releases the pieces of an answer one by one, under control of the test. Initially
 * closed. Safe for use by many threads.
 */
public final class Gate {

	private static final int WIDE_OPEN = 1_000_000_000;

	private final Semaphore permits = new Semaphore(0);

	/**
	 * Releases the next pieces.
	 * @param pieces the number of pieces
	 */
	public void release(int pieces) {
		this.permits.release(pieces);
	}

	/**
	 * Releases all further pieces.
	 */
	public void open() {
		this.permits.release(WIDE_OPEN - this.permits.availablePermits());
	}

	boolean pass(Duration atMost) throws InterruptedException {
		return this.permits.tryAcquire(atMost.toMillis(), TimeUnit.MILLISECONDS);
	}

}
