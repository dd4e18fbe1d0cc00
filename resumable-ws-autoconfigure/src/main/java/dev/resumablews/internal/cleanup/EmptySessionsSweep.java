package dev.resumablews.internal.cleanup;

import java.time.Duration;

/**
 * Removes sessions without events a day after they were last found to have a connection.
 * Sessions with a connection are checked again a day later.
 */
final class EmptySessionsSweep implements Sweep {

	private static final Duration TTL = Duration.ofDays(1);

	/**
	 * Counts connections, because for {@code exists} Postgres may read all of them.
	 */
	private static final String REMOVE = """
			with due as materialized (
				select e.session_id, (
						select count(*) from ws_live_connections l
						where l.session_id = e.session_id
					) > 0 as used
				from ws_empty_sessions e
				where e.used_at < now() - make_interval(secs => :ttl)
				order by e.used_at
				limit :limit
				for update of e skip locked
			), kept as (
				update ws_empty_sessions set used_at = now()
				where session_id = any (array(select session_id from due where used))
			), deleted as (
				delete from ws_empty_sessions
				where session_id = any (array(select session_id from due where not used))
				returning 1
			)
			select (select count(*) from deleted) as removed, (select count(*) from due) as seen
			""";

	private final SweepStatements statements;

	EmptySessionsSweep(SweepStatements statements) {
		this.statements = statements;
	}

	@Override
	public String what() {
		return SweepResult.EMPTY_SESSIONS;
	}

	@Override
	public Batch next() {
		CleanupSettings settings = this.statements.settings();
		return this.statements.sql(REMOVE)
			.param("ttl", CleanupSettings.seconds(TTL))
			.query((row, number) -> new Batch(SweepResult.NOTHING.and(what(), row.getLong("removed")),
					row.getLong("seen") == settings.batchSize()))
			.single();
	}

}
