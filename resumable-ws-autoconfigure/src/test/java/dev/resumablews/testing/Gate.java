package dev.resumablews.testing;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Lets an answer's pieces through one by one, as the test says. Starts closed. Safe for
 * use by many threads.
 */
public final class Gate {

	private static final int WIDE_OPEN = 1_000_000_000;

	private final Semaphore permits = new Semaphore(0);

	/**
	 * Lets the next pieces through.
	 * @param pieces how many
	 */
	public void release(int pieces) {
		this.permits.release(pieces);
	}

	/**
	 * Lets all further pieces through.
	 */
	public void open() {
		this.permits.release(WIDE_OPEN - this.permits.availablePermits());
	}

	boolean pass(Duration atMost) throws InterruptedException {
		return this.permits.tryAcquire(atMost.toMillis(), TimeUnit.MILLISECONDS);
	}

}
