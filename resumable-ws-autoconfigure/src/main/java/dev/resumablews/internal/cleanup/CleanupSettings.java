package dev.resumablews.internal.cleanup;

import java.time.Duration;

/**
 * Retention of rows.
 *
 * @param sessionTtl time after which an idle session is removed; zero to keep it forever
 * @param closedSessionTtl time after which a closed session is removed; zero to treat it
 * like other sessions
 * @param eventTtl maximum age of events; zero to keep them forever
 * @param idempotencyKeyTtl maximum age of idempotency keys
 * @param liveConnectionTtl time after which a live connection that was not updated is
 * removed
 * @param batchSize maximum number of rows removed from one table in one transaction
 */
record CleanupSettings(Duration sessionTtl, Duration closedSessionTtl, Duration eventTtl, Duration idempotencyKeyTtl,
		Duration liveConnectionTtl, int batchSize) {

	static double seconds(Duration duration) {
		return duration.toMillis() / 1000.0;
	}

}
