package dev.resumablews.benchmarks.scenario;

import dev.resumablews.benchmarks.process.Postgres;
import dev.resumablews.benchmarks.process.ServerSpec;
import dev.resumablews.benchmarks.wire.Seeds;

/**
 * Prepares a server's tables for a measurement.
 */
final class Tables {

	/**
	 * Payload of 100 bytes, in the format in which Postgres returns it.
	 */
	static final String PAYLOAD = "{\"text\": \"" + "x".repeat(88) + "\"}";

	private static final int COHORT = 100;

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
			run("truncate ws_events, ws_sessions, ws_empty_sessions, ws_idempotency_keys, ws_replies, ws_live_connections");
		}
		else if (isRecipe()) {
			run("truncate recipe_events, recipe_sessions, recipe_idempotency_keys, recipe_live_connections");
		}
	}

	/**
	 * Adds sessions with events of {@link #PAYLOAD}, and updates the statistics of the
	 * planner. Sessions are numbered from 0.
	 */
	void seed(int sessions, int events) {
		seed(sessions, events, "now()");
	}

	/**
	 * Adds sessions.
	 * @param createdAt SQL for the time of the events
	 */
	void seed(int sessions, int events, String createdAt) {
		if (this.spec.kind().isOurs()) {
			run("insert into ws_sessions (session_id, user_id, last_event_id, events_since) select %s, %s, %d, %s from generate_series(0, %d) i"
				.formatted(Seeds.SESSION_ID_SQL, Seeds.USER_SQL, events, createdAt, sessions - 1));
			run(inCohorts(sessions, events,
					"insert into ws_events (session_id, id, type, payload, created_at) select %s, e, '%s', '%s', %s"
						.formatted(Seeds.SESSION_ID_SQL, Seeds.EVENT_TYPE, PAYLOAD, createdAt)));
			run("vacuum analyze ws_sessions, ws_events");
		}
		else if (isRecipe()) {
			run("insert into recipe_sessions (session_id, user_id) select %s, %s from generate_series(0, %d) i"
				.formatted(Seeds.SESSION_ID_SQL, Seeds.USER_SQL, sessions - 1));
			run(inCohorts(sessions, events,
					"insert into recipe_events (session_id, type, payload, created_at) select %s, '%s', '%s', %s"
						.formatted(Seeds.SESSION_ID_SQL, Seeds.EVENT_TYPE, PAYLOAD, createdAt)));
			run("vacuum analyze recipe_sessions, recipe_events");
		}
	}

	/**
	 * Returns a statement that runs an insert for a hundred sessions at a time, so that
	 * their events alternate as if the sessions had been active together.
	 */
	private static String inCohorts(int sessions, int events, String insert) {
		return """
				do $$ begin
					for cohort in 0..%1$d by %2$d loop
						%3$s from generate_series(1, %4$d) e,
							generate_series(cohort, least(cohort + %2$d, %5$d) - 1) i order by e, i;
						commit;
					end loop;
				end $$
				""".formatted(sessions - 1, COHORT, insert, events, sessions);
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
