package dev.resumablews.internal.cleanup;

import java.time.Duration;

/**
 * How long rows are kept.
 *
 * @param sessionTtl how long a session may be idle; zero for ever
 * @param closedSessionTtl time since a session was closed; zero to treat it like others
 * @param eventTtl age of events; zero for ever
 * @param idempotencyKeyTtl age of idempotency keys
 * @param liveConnectionTtl time since a live connection was last seen
 * @param batchSize rows removed in one transaction, from one table
 */
record CleanupSettings(Duration sessionTtl, Duration closedSessionTtl, Duration eventTtl, Duration idempotencyKeyTtl,
		Duration liveConnectionTtl, int batchSize) {

	static double seconds(Duration duration) {
		return duration.toMillis() / 1000.0;
	}

}
