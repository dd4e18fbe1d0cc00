package dev.resumablews.internal.cluster;

import java.time.Duration;

/**
 * How threads are stopped: they are asked, then interrupted, and left alone if they are
 * deaf to that.
 */
final class Stopping {

	private static final long LAST_WAIT_MILLIS = 500;

	private Stopping() {
	}

	static void join(Thread thread, Duration timeout) {
		try {
			thread.join(Math.max(1, timeout.toMillis()));
			thread.interrupt();
			thread.join(LAST_WAIT_MILLIS);
		}
		catch (InterruptedException ex) {
			thread.interrupt();
			Thread.currentThread().interrupt();
		}
	}

}
