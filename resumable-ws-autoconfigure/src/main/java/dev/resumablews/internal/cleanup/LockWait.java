package dev.resumablews.internal.cleanup;

import java.time.Duration;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * How long the cleanup of this node has not had its advisory lock. Another node that has
 * it all the time has much to do, or does not end; any other role of the database could
 * hold it, too, and then nothing is removed. Safe for use by many threads.
 */
final class LockWait {

	/**
	 * Time without the lock after which there is a warning, and between two of them.
	 */
	static final Duration LONG = Duration.ofHours(1);

	private static final Log logger = LogFactory.getLog(LockWait.class);

	private long since = System.nanoTime();

	private long warnedAt = this.since;

	/**
	 * Notes that the lock was had.
	 */
	synchronized void got() {
		this.since = System.nanoTime();
		this.warnedAt = this.since;
	}

	/**
	 * Notes that the lock was not had.
	 */
	void missed() {
		missed(System.nanoTime());
	}

	/**
	 * Notes that the lock was not had.
	 * @param now the time, by {@link System#nanoTime()}
	 */
	synchronized void missed(long now) {
		if (now - this.warnedAt >= LONG.toNanos()) {
			this.warnedAt = now;
			logger.warn(("The cleanup has not had its advisory lock on this node for %d minutes. If the meter "
					+ "resumable.ws.cleanup.overdue grows, look for the session that holds it: select pid from pg_locks "
					+ "where locktype = 'advisory' and granted")
				.formatted(Duration.ofNanos(now - this.since).toMinutes()));
		}
	}

}
