package dev.resumablews.internal.cleanup;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

import dev.resumablews.internal.log.SessionRemoval.Removed;
import org.jspecify.annotations.Nullable;

import org.springframework.jdbc.support.SqlArrayValue;

/**
 * Removes sessions that were closed long enough ago, including those that still have a
 * connection. A session whose erasure is incomplete is marked as closed at {@code
 * -infinity}, and is therefore removed in the next run. Sessions that another transaction
 * has locked are left to a later run.
 */
final class ClosedSessionsSweep implements Sweep {

	private static final String FIND = """
			select session_id, closed_at::text as closed
			from ws_sessions
			where closed_at < now() - make_interval(secs => :ttl)
				and (closed_at, session_id) > (:since::timestamptz, :after::uuid)
			order by closed_at, session_id
			limit :limit
			""";

	private static final String LOCK = """
			select session_id from ws_sessions
			where session_id = any(:sessions) and closed_at is not null
			order by session_id
			for update skip locked
			""";

	private static final String OVERDUE = """
			select extract(epoch from now() - make_interval(secs => :ttl)
				- case when isfinite(closed_at) then closed_at else last_active_at end)::float8
			from ws_sessions
			where closed_at < now() - make_interval(secs => :ttl)
			order by closed_at, session_id
			limit 1
			""";

	/**
	 * Restricts the sweep to sessions whose erasure is incomplete.
	 */
	private static final Duration NEVER = Duration.ofDays(100_000);

	private final SweepStatements statements;

	private final Duration ttl;

	/**
	 * Sessions to remove, found by the last query.
	 */
	private List<Closed> due = List.of();

	/**
	 * The last session found.
	 */
	private @Nullable Closed last;

	private boolean allSeen;

	ClosedSessionsSweep(SweepStatements statements) {
		Duration ttl = statements.settings().closedSessionTtl();
		this.statements = statements;
		this.ttl = (ttl.toMillis() > 0) ? ttl : NEVER;
	}

	@Override
	public String what() {
		return SweepResult.CLOSED_SESSIONS;
	}

	@Override
	public Batch next() {
		if (this.due.isEmpty()) {
			find();
		}
		if (this.due.isEmpty()) {
			return new Batch(SweepResult.NOTHING, false);
		}
		Removed removed = this.statements.removeSessions(lock());
		if (removed.complete()) {
			this.due = List.of();
		}
		return new Batch(SweepResult.of(removed), !removed.complete() || !this.allSeen);
	}

	@Override
	public Optional<Duration> overdue() {
		return this.statements.overdue(OVERDUE, this.ttl);
	}

	private void find() {
		this.due = this.statements.sql(FIND)
			.param("ttl", CleanupSettings.seconds(this.ttl))
			.param("since", (this.last != null) ? this.last.closedAt() : "-infinity")
			.param("after", (this.last != null) ? this.last.sessionId() : new UUID(0, 0))
			.query((row, number) -> new Closed(row.getObject("session_id", UUID.class), row.getString("closed")))
			.list();
		this.allSeen = this.due.size() < this.statements.settings().batchSize();
		if (!this.due.isEmpty()) {
			this.last = this.due.get(this.due.size() - 1);
		}
	}

	private List<UUID> lock() {
		return this.statements.sql(LOCK)
			.param("sessions", new SqlArrayValue("uuid", this.due.stream().map(Closed::sessionId).toArray()))
			.query(UUID.class)
			.list();
	}

	/**
	 * A closed session.
	 *
	 * @param sessionId its id
	 * @param closedAt the time in Postgres's text format, because it may be infinite
	 */
	private record Closed(UUID sessionId, String closedAt) {

	}

}
