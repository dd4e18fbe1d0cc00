package dev.resumablews.internal.cluster;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * The time between two attempts. When they fail, it grows from attempt to attempt, and
 * differs from node to node, so that they do not come back all at once. Safe for use by
 * many threads.
 */
final class Pause {

	private static final long FIRST_MILLIS = 50;

	private static final long LONGEST_MILLIS = 2000;

	private final CountDownLatch ended = new CountDownLatch(1);

	/**
	 * Waits before the next attempt.
	 * @param attempts how many attempts failed
	 * @return whether to try again; there is no waiting any more if not
	 */
	boolean await(int attempts) throws InterruptedException {
		long limit = Math.min(LONGEST_MILLIS, FIRST_MILLIS << Math.min(attempts - 1, 10));
		long millis = limit / 2 + ThreadLocalRandom.current().nextLong(limit / 2 + 1);
		return !this.ended.await(millis, TimeUnit.MILLISECONDS);
	}

	/**
	 * Waits after an attempt that has not failed; not at all once there is no waiting any
	 * more.
	 */
	void rest(long millis) throws InterruptedException {
		this.ended.await(millis, TimeUnit.MILLISECONDS);
	}

	void end() {
		this.ended.countDown();
	}

	boolean hasEnded() {
		return this.ended.getCount() == 0;
	}

}
