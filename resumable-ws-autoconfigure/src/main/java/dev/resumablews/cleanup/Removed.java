package dev.resumablews.cleanup;

import java.util.Map;
import java.util.TreeMap;

/**
 * How many rows were removed, by what they were. Immutable.
 *
 * @param rows the numbers, none of them zero
 */
record Removed(Map<String, Long> rows) {

	static final String SESSIONS = "sessions";

	static final String EVENTS = "events";

	static final String IDEMPOTENCY_KEYS = "idempotency_keys";

	static final String LIVE_CONNECTIONS = "live_connections";

	static final Removed NOTHING = new Removed(Map.of());

	Removed {
		rows = Map.copyOf(rows);
	}

	Removed and(String what, long count) {
		if (count == 0) {
			return this;
		}
		Map<String, Long> sum = new TreeMap<>(this.rows);
		sum.merge(what, count, Long::sum);
		return new Removed(sum);
	}

	Removed and(Removed other) {
		Removed sum = this;
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
