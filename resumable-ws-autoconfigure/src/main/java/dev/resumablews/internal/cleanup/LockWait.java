package dev.resumablews.internal.cleanup;

import java.time.Duration;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Tracks how long the cleanup of this node has not had its advisory lock. A node that
 * always holds it either has much to do or hangs. Another database role may also hold it,
 * and then no rows are removed at all. Safe for use by many threads.
 */
final class LockWait {

	/**
	 * Time without the lock after which a warning is logged, and time between two
	 * warnings.
	 */
	static final Duration LONG = Duration.ofHours(1);

	private static final Log logger = LogFactory.getLog(LockWait.class);

	private long since = System.nanoTime();

	private long warnedAt = this.since;

	/**
	 * Records that the lock was acquired.
	 */
	synchronized void acquired() {
		this.since = System.nanoTime();
		this.warnedAt = this.since;
	}

	/**
	 * Records that the lock was not acquired.
	 */
	void notAcquired() {
		notAcquired(System.nanoTime());
	}

	/**
	 * Records that the lock was not acquired.
	 * @param now the time, by {@link System#nanoTime()}
	 */
	synchronized void notAcquired(long now) {
		if (now - this.warnedAt >= LONG.toNanos()) {
			this.warnedAt = now;
			logger.warn(("The cleanup has not had its advisory lock on this node for %d minutes. If the meter "
					+ "resumable.ws.cleanup.overdue grows, look for the session that holds it: select pid from pg_locks "
					+ "where locktype = 'advisory' and granted")
				.formatted(Duration.ofNanos(now - this.since).toMinutes()));
		}
	}

}
