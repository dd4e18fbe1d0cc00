package dev.resumablews.internal.cleanup;

import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

import dev.resumablews.internal.log.SessionRemoval.Removed;
import org.jspecify.annotations.Nullable;

import org.springframework.jdbc.support.SqlArrayValue;

/**
 * Removes idle sessions with all their rows. A session whose {@code active_since} is
 * recent is in use. The other sessions are checked in batches:
 * <ol>
 * <li>If a session is in use after all, {@code active_since} is raised, unless another
 * transaction has locked it. Each session is therefore checked once per retention
 * period.</li>
 * <li>The others are locked if they are still idle and no other transaction has locked
 * them. No event can be appended to them from now on.</li>
 * <li>They are removed; see {@link dev.resumablews.internal.log.SessionRemoval}.</li>
 * </ol>
 */
final class IdleSessionsSweep implements Sweep {

	/**
	 * Counts connections, because for {@code not exists} Postgres may read all of them.
	 */
	private static final String FIND = """
			with due as materialized (
				select s.session_id, s.active_since, s.last_active_at < now() - make_interval(secs => :ttl)
					and (
						select count(*) from ws_live_connections l
						where l.session_id = s.session_id
					) = 0 as idle
				from ws_sessions s
				where s.active_since < now() - make_interval(secs => :ttl)
					and (s.active_since, s.session_id) > (:since::timestamptz, :after::uuid)
				order by s.active_since, s.session_id
				limit :limit
			), used as materialized (
				select session_id from ws_sessions
				where session_id = any (array(select session_id from due where not idle))
				for no key update skip locked
			), raised as (
				update ws_sessions s
				set active_since = case
					when s.last_active_at < now() - make_interval(secs => :ttl) then now() else s.last_active_at end
				from used u
				where s.session_id = u.session_id
			)
			select session_id, active_since, idle from due order by active_since, session_id
			""";

	private static final String LOCK = """
			select s.session_id from ws_sessions s
			where s.session_id = any(:sessions)
				and s.last_active_at < now() - make_interval(secs => :ttl)
				and (
					select count(*) from ws_live_connections l
					where l.session_id = s.session_id
				) = 0
			order by s.session_id for update of s skip locked
			""";

	private static final String OVERDUE = """
			select extract(epoch from now() - make_interval(secs => :ttl)
				- case when isfinite(active_since) then active_since else created_at end)::float8
			from ws_sessions
			order by active_since, session_id
			limit 1
			""";

	private final SweepStatements statements;

	/**
	 * Sessions to remove, found by the last query.
	 */
	private final List<UUID> idle = new ArrayList<>();

	/**
	 * The last session found.
	 */
	private @Nullable Due last;

	private boolean allSeen;

	IdleSessionsSweep(SweepStatements statements) {
		this.statements = statements;
	}

	@Override
	public String what() {
		return SweepResult.SESSIONS;
	}

	@Override
	public Batch next() {
		if (this.idle.isEmpty()) {
			find();
			return new Batch(SweepResult.NOTHING, !this.idle.isEmpty() || !this.allSeen);
		}
		Removed removed = this.statements.removeSessions(lock());
		if (removed.complete()) {
			this.idle.clear();
		}
		return new Batch(SweepResult.of(removed), !removed.complete() || !this.allSeen);
	}

	@Override
	public Optional<Duration> overdue() {
		return this.statements.overdue(OVERDUE, this.statements.settings().sessionTtl());
	}

	/**
	 * Finds the next sessions in a separate transaction, so that sessions in use are
	 * locked only briefly.
	 */
	private void find() {
		int limit = this.statements.settings().batchSize();
		List<Due> due = this.statements.sql(FIND)
			.param("ttl", ttl())
			.param("since", (this.last != null) ? this.last.activeSince() : "-infinity")
			.param("after", (this.last != null) ? this.last.sessionId() : new UUID(0, 0))
			.query((row, number) -> new Due(row.getObject("session_id", UUID.class), row.getString("active_since"),
					row.getBoolean("idle")))
			.list();
		due.stream().filter(Due::idle).map(Due::sessionId).forEach(this.idle::add);
		this.allSeen = due.size() < limit;
		if (!due.isEmpty()) {
			this.last = due.get(due.size() - 1);
		}
	}

	private List<UUID> lock() {
		return this.statements.sql(LOCK)
			.param("sessions", new SqlArrayValue("uuid", this.idle.toArray()))
			.param("ttl", ttl())
			.query(UUID.class)
			.list();
	}

	private double ttl() {
		return CleanupSettings.seconds(this.statements.settings().sessionTtl());
	}

	/**
	 * A session that may be idle.
	 *
	 * @param sessionId its id
	 * @param activeSince the bound in Postgres's text format, because it may be infinite
	 * @param idle whether it is idle
	 */
	private record Due(UUID sessionId, String activeSince, boolean idle) {

	}

}
