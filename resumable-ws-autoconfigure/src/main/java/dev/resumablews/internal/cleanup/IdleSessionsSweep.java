package dev.resumablews.internal.cleanup;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;

import dev.resumablews.internal.schema.SchemaName;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.SqlArrayValue;

/**
 * Removes sessions that nobody uses any more, with all that belongs to them:
 * <ol>
 * <li>Candidates are looked for without a lock.</li>
 * <li>A batch of them is locked, where they are still idle. Those that somebody else has
 * locked are not. From here on nobody can append to them.</li>
 * <li>In statements of their own, which therefore see all that was appended before, their
 * events and then their keys are removed.</li>
 * <li>Once there is nothing left to remove, the sessions go too. Until then, which for
 * large sessions takes several transactions, they say what they lost, for clients that
 * come back in between.</li>
 * </ol>
 */
final class IdleSessionsSweep implements Sweep {

	/**
	 * Finding candidates reads the whole table, as the time of last activity has no index
	 * (see the schema), hence many at once.
	 */
	private static final int CANDIDATES = 10_000;

	private static final String FIND = """
			select s.session_id from ws_sessions s
			where s.last_active_at < now() - make_interval(secs => ?)
				and not exists (select from ws_live_connections l
					where l.session_id = s.session_id and l.last_seen_at >= now() - make_interval(secs => ?))
			limit ?
			""";

	private static final String LOCK = """
			select s.session_id from ws_sessions s
			where s.session_id = any(?)
				and s.last_active_at < now() - make_interval(secs => ?)
				and not exists (select from ws_live_connections l
					where l.session_id = s.session_id and l.last_seen_at >= now() - make_interval(secs => ?))
			order by s.session_id for update of s skip locked
			""";

	private static final String REMOVE_EVENTS = """
			with old as materialized (
				select e.session_id, e.id from unnest(?) s (session_id)
				cross join lateral (
					select session_id, id from ws_events where session_id = s.session_id order by id limit ?
				) e
				limit ?
			), gone as (
				delete from ws_events e using old where e.session_id = old.session_id and e.id = old.id
				returning e.session_id, e.id
			), marked as (
				update ws_sessions s set truncated_through = greatest(s.truncated_through, g.through)
				from (select session_id, max(id) as through from gone group by session_id) g
				where s.session_id = g.session_id and (select count(*) from old) >= ?
			)
			select count(*) from gone
			""";

	private static final String REMOVE_KEYS = """
			with old as materialized (
				select session_id, idempotency_key from ws_idempotency_keys where session_id = any(?) limit ?
			), gone as (
				delete from ws_idempotency_keys k using old
				where k.session_id = old.session_id and k.idempotency_key = old.idempotency_key
				returning 1
			)
			select count(*) from gone
			""";

	private static final String REMOVE_CONNECTIONS = "delete from ws_live_connections where session_id = any(?)";

	private static final String REMOVE_REPLIES = "delete from ws_replies where session_id = any(?)";

	private static final String REMOVE_SESSIONS = "delete from ws_sessions where session_id = any(?)";

	private final JdbcClient jdbc;

	private final SchemaName schema;

	private final CleanupSettings settings;

	private final double ttl;

	private final double liveTtl;

	private final Deque<UUID> candidates = new ArrayDeque<>();

	private boolean allFound;

	IdleSessionsSweep(JdbcClient jdbc, SchemaName schema, CleanupSettings settings) {
		this.jdbc = jdbc;
		this.schema = schema;
		this.settings = settings;
		this.ttl = CleanupSettings.seconds(settings.sessionTtl());
		this.liveTtl = CleanupSettings.seconds(settings.liveConnectionTtl());
	}

	@Override
	public Batch next() {
		if (this.candidates.isEmpty()) {
			find();
		}
		List<UUID> batch = this.candidates.stream().limit(this.settings.batchSize()).toList();
		List<UUID> locked = batch.isEmpty() ? batch : lock(batch);
		SweepResult removed = SweepResult.NOTHING;
		if (!locked.isEmpty()) {
			removed = remove(array(locked));
			if (!removed.rows().containsKey(SweepResult.SESSIONS)) {
				return new Batch(removed, true);
			}
		}
		batch.forEach((done) -> this.candidates.remove());
		return new Batch(removed, !this.candidates.isEmpty() || !this.allFound);
	}

	private void find() {
		this.candidates
			.addAll(statement(FIND).param(this.ttl).param(this.liveTtl).param(CANDIDATES).query(UUID.class).list());
		this.allFound = this.candidates.size() < CANDIDATES;
	}

	private List<UUID> lock(List<UUID> batch) {
		return statement(LOCK).param(array(batch)).param(this.ttl).param(this.liveTtl).query(UUID.class).list();
	}

	private SweepResult remove(SqlArrayValue sessions) {
		int limit = this.settings.batchSize();
		long events = statement(REMOVE_EVENTS).param(sessions)
			.param(limit)
			.param(limit)
			.param(limit)
			.query(Long.class)
			.single();
		SweepResult removed = SweepResult.NOTHING.and(SweepResult.EVENTS, events);
		if (events >= limit) {
			return removed;
		}
		long keys = statement(REMOVE_KEYS).param(sessions).param(limit).query(Long.class).single();
		removed = removed.and(SweepResult.IDEMPOTENCY_KEYS, keys);
		if (keys >= limit) {
			return removed;
		}
		statement(REMOVE_REPLIES).param(sessions).update();
		long connections = statement(REMOVE_CONNECTIONS).param(sessions).update();
		return removed.and(SweepResult.LIVE_CONNECTIONS, connections)
			.and(SweepResult.SESSIONS, statement(REMOVE_SESSIONS).param(sessions).update());
	}

	private JdbcClient.StatementSpec statement(String sql) {
		return this.jdbc.sql(this.schema.qualify(sql));
	}

	private static SqlArrayValue array(List<UUID> ids) {
		return new SqlArrayValue("uuid", ids.toArray());
	}

}
