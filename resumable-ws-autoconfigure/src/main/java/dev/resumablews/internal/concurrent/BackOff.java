package dev.resumablews.internal.concurrent;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Exponential back-off with jitter. The delay doubles with each failed attempt up to a
 * maximum. Half of it is random, so that nodes that failed together do not retry
 * together. Immutable.
 *
 * @param first delay after the first failed attempt
 * @param longest maximum delay
 */
public record BackOff(Duration first, Duration longest) {

	private static final int MAX_DOUBLINGS = 20;

	/**
	 * Returns the delay before the next attempt.
	 * @param failures how many attempts in a row have failed, at least 1
	 * @return the delay
	 */
	public Duration delay(int failures) {
		int doublings = Math.min(Math.max(failures, 1) - 1, MAX_DOUBLINGS);
		long limit = Math.max(2, Math.min(this.longest.toNanos(), this.first.toNanos() << doublings));
		return Duration.ofNanos(limit / 2 + ThreadLocalRandom.current().nextLong(limit / 2 + 1));
	}

}
