package dev.resumablews.internal.cleanup;

import java.time.Duration;
import java.util.Optional;

/**
 * Removes events that have reached an age, by session: a session whose
 * {@code events_since} has not reached the age has none. For each of the others the sweep
 * <ol>
 * <li>locks the session, unless somebody else has. From here on nobody can append to
 * it;</li>
 * <li>removes its events in the order of their ids, up to the first that is young enough.
 * That is the order of their age, as far as the clock of Postgres runs forward;</li>
 * <li>raises {@code events_since} to the age of the first event that remains, and
 * {@code truncated_through} for clients that come back, and lowers
 * {@code stored_bytes}.</li>
 * </ol>
 * Storing an event needs no index on its age, then, and the cost of a sweep depends on
 * what it removes and not on what the table holds or has held.
 */
final class ExpiredEventsSweep implements Sweep {

	/**
	 * A batch has ten times as many events as sessions. A session with more is visited
	 * again by the next one.
	 */
	private static final int EVENTS_PER_SESSION = 10;

	private static final String REMOVE = """
			with recursive due as materialized (
				select session_id from ws_sessions
				where events_since < now() - make_interval(secs => :ttl)
				order by events_since, session_id
				limit greatest(1, :limit / 10)
				for no key update skip locked
			), old (session_id, id, place) as (
				select d.session_id, e.id, e.place
				from due d
				cross join lateral (
					select id, created_at, ctid as place from ws_events
					where session_id = d.session_id
					order by id
					limit 1
				) e
				where e.created_at < now() - make_interval(secs => :ttl)
				union all
				select o.session_id, e.id, e.place
				from old o
				cross join lateral (
					select id, created_at, ctid as place from ws_events
					where session_id = o.session_id and id > o.id
					order by id
					limit 1
				) e
				where e.created_at < now() - make_interval(secs => :ttl)
			), batch as materialized (
				select session_id, id, place from old limit :limit
			), gone as (
				delete from ws_events where ctid = any (array(select place from batch))
				returning session_id, coalesce(payload_bytes, octet_length(payload::text)) as bytes
			), remaining as (
				select d.session_id, coalesce(b.through, 0) as through, coalesce((
					select created_at from ws_events e
					where e.session_id = d.session_id and e.id > coalesce(b.through, 0)
					order by e.id
					limit 1
				), now()) as since, coalesce(g.bytes, 0) as bytes
				from due d
				left join (select session_id, max(id) as through from batch group by session_id) b
					on b.session_id = d.session_id
				left join (select session_id, sum(bytes) as bytes from gone group by session_id) g
					on g.session_id = d.session_id
			), raised as (
				update ws_sessions s
				set events_since = r.since, truncated_through = greatest(s.truncated_through, r.through),
					stored_bytes = greatest(0, s.stored_bytes - r.bytes)
				from remaining r
				where s.session_id = r.session_id
			)
			select (select count(*) from gone) as removed, (select count(*) from due) as visited
			""";

	/**
	 * Earlier versions did not know the bound, so it may be infinite.
	 */
	private static final String OVERDUE = """
			select extract(epoch from now() - make_interval(secs => :ttl)
				- case when isfinite(events_since) then events_since else created_at end)::float8
			from ws_sessions
			order by events_since, session_id
			limit 1
			""";

	private final SweepStatements statements;

	ExpiredEventsSweep(SweepStatements statements) {
		this.statements = statements;
	}

	@Override
	public String what() {
		return SweepResult.EVENTS;
	}

	@Override
	public Batch next() {
		int limit = this.statements.settings().batchSize();
		int sessions = Math.max(1, limit / EVENTS_PER_SESSION);
		Result result = this.statements.sql(REMOVE)
			.param("ttl", CleanupSettings.seconds(ttl()))
			.query((row, number) -> new Result(row.getLong("removed"), row.getLong("visited")))
			.single();
		return new Batch(SweepResult.NOTHING.and(what(), result.removed()),
				result.visited() == sessions || result.removed() == limit);
	}

	@Override
	public Optional<Duration> overdue() {
		return this.statements.overdue(OVERDUE, ttl());
	}

	private Duration ttl() {
		return this.statements.settings().eventTtl();
	}

	private record Result(long removed, long visited) {

	}

}
