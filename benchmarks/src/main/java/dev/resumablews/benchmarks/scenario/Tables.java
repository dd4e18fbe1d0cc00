package dev.resumablews.benchmarks.scenario;

import dev.resumablews.benchmarks.process.Postgres;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.wire.Seeds;

/**
 * What is in a server's tables before it is measured.
 */
final class Tables {

	/**
	 * 100 bytes, as they come out of Postgres.
	 */
	static final String PAYLOAD = "{\"text\": \"" + "x".repeat(88) + "\"}";

	private final Postgres postgres;

	private final ServerSpec spec;

	Tables(Postgres postgres, ServerSpec spec) {
		this.postgres = postgres;
		this.spec = spec;
	}

	/**
	 * Empties the tables.
	 */
	void clear() {
		if (this.spec.kind().isOurs()) {
			run("truncate ws_events, ws_sessions, ws_idempotency_keys, ws_replies, ws_live_connections");
		}
		else if (isRecipe()) {
			run("truncate recipe_events, recipe_sessions, recipe_idempotency_keys, recipe_live_connections");
		}
	}

	/**
	 * Adds sessions, each with so many events of {@link #PAYLOAD}, and makes the planner
	 * know of them. Sessions are numbered from 0.
	 */
	void seed(int sessions, int events) {
		seed(0, sessions, events, "now()");
	}

	/**
	 * Adds sessions.
	 * @param first number of the first one
	 * @param createdAt SQL for the time of the events
	 */
	void seed(int first, int sessions, int events, String createdAt) {
		String numbers = " from generate_series(%d, %d) i".formatted(first, first + sessions - 1);
		if (this.spec.kind().isOurs()) {
			run("insert into ws_sessions (session_id, user_id, last_event_id) select %s, %s, %d"
				.formatted(Seeds.SESSION_ID_SQL, Seeds.USER_SQL, events) + numbers);
			run("insert into ws_events (session_id, id, type, payload, created_at) select %s, e, '%s', '%s', %s"
				.formatted(Seeds.SESSION_ID_SQL, Seeds.EVENT_TYPE, PAYLOAD, createdAt) + events(numbers, events));
			run("vacuum analyze ws_sessions, ws_events");
		}
		else if (isRecipe()) {
			run("insert into recipe_sessions (session_id, user_id) select %s, %s".formatted(Seeds.SESSION_ID_SQL,
					Seeds.USER_SQL) + numbers);
			run("insert into recipe_events (session_id, type, payload, created_at) select %s, '%s', '%s', %s"
				.formatted(Seeds.SESSION_ID_SQL, Seeds.EVENT_TYPE, PAYLOAD, createdAt) + events(numbers, events));
			run("vacuum analyze recipe_sessions, recipe_events");
		}
	}

	/**
	 * The sessions' events are written in turn, as if they had all been active at the
	 * same time.
	 */
	private static String events(String numbers, int events) {
		return numbers.replace("from ", "from generate_series(1, " + events + ") e, ") + " order by e, i";
	}

	private boolean isRecipe() {
		return switch (this.spec.kind()) {
			case RECIPE, RECIPE_DURABLE -> true;
			default -> false;
		};
	}

	private void run(String sql) {
		this.postgres.run(this.spec.database(), sql);
	}

}
