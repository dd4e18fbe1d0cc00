package dev.resumablews.internal.cleanup;

import java.util.Map;
import java.util.TreeMap;

import dev.resumablews.internal.log.SessionRemoval.Removed;

/**
 * The number of removed rows by kind. Immutable.
 *
 * @param rows the numbers, none of which is zero
 */
record SweepResult(Map<String, Long> rows) {

	static final String SESSIONS = "sessions";

	static final String EVENTS = "events";

	static final String IDEMPOTENCY_KEYS = "idempotency_keys";

	static final String EMPTY_SESSIONS = "empty_sessions";

	static final String LIVE_CONNECTIONS = "live_connections";

	static final String SIGNALS = "signals";

	static final String DISCONNECTS = "disconnects";

	static final String RELAYS = "relays";

	/**
	 * Overdue closed sessions. Once removed, they are counted as {@link #SESSIONS}.
	 */
	static final String CLOSED_SESSIONS = "closed_sessions";

	static final SweepResult NOTHING = new SweepResult(Map.of());

	SweepResult {
		rows = Map.copyOf(rows);
	}

	static SweepResult of(Removed removed) {
		return NOTHING.and(EVENTS, removed.events())
			.and(IDEMPOTENCY_KEYS, removed.keys())
			.and(LIVE_CONNECTIONS, removed.connections())
			.and(SESSIONS, removed.sessions());
	}

	SweepResult and(String what, long count) {
		if (count == 0) {
			return this;
		}
		Map<String, Long> sum = new TreeMap<>(this.rows);
		sum.merge(what, count, Long::sum);
		return new SweepResult(sum);
	}

	SweepResult and(SweepResult other) {
		SweepResult sum = this;
		for (Map.Entry<String, Long> entry : other.rows.entrySet()) {
			sum = sum.and(entry.getKey(), entry.getValue());
		}
		return sum;
	}

	@Override
	public String toString() {
		return new TreeMap<>(this.rows).toString();
	}

}
