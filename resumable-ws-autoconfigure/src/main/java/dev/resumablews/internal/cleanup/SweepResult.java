package dev.resumablews.internal.cleanup;

import java.util.Map;
import java.util.TreeMap;

/**
 * How many rows were removed, by what they were. Immutable.
 *
 * @param rows the numbers, none of them zero
 */
record SweepResult(Map<String, Long> rows) {

	static final String SESSIONS = "sessions";

	static final String EVENTS = "events";

	static final String IDEMPOTENCY_KEYS = "idempotency_keys";

	static final String EMPTY_SESSIONS = "empty_sessions";

	static final String LIVE_CONNECTIONS = "live_connections";

	static final String SIGNALS = "signals";

	static final SweepResult NOTHING = new SweepResult(Map.of());

	SweepResult {
		rows = Map.copyOf(rows);
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
