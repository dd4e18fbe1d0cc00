package dev.resumablews.internal.cleanup;

import java.time.Duration;
import java.util.Optional;

/**
 * Removes expired events by session. A session whose {@code events_since} is recent has
 * no expired events. For each other session, the sweep
 * <ol>
 * <li>locks the session, unless another transaction has locked it. No event can be
 * appended to it from now on;</li>
 * <li>removes its events in the order of their ids, up to the first that has not expired.
 * This is the order of their age, unless the clock of Postgres was set back;</li>
 * <li>raises {@code events_since} to the time of the first remaining event and {@code
 * truncated_through} for reconnecting clients, and reduces {@code stored_bytes}.</li>
 * </ol>
 * Therefore events need no index on their age, and the cost of a sweep depends on the
 * number of events removed and not on the size of the table.
 */
final class ExpiredEventsSweep implements Sweep {

	/**
	 * A batch has ten times as many events as sessions. A session with more events is
	 * continued by the next batch.
	 */
	private static final int EVENTS_PER_SESSION = 10;

	private static final String REMOVE = """
			with recursive due as materialized (
				select session_id from ws_sessions
				where events_since < now() - make_interval(secs => :ttl)
				order by events_since, session_id
				limit greatest(1, :limit / 10)
				for no key update skip locked
			), expired (session_id, id, place) as (
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
				from expired o
				cross join lateral (
					select id, created_at, ctid as place from ws_events
					where session_id = o.session_id and id > o.id
					order by id
					limit 1
				) e
				where e.created_at < now() - make_interval(secs => :ttl)
			), batch as materialized (
				select session_id, id, place from expired limit :limit
			), deleted as (
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
				left join (select session_id, sum(bytes) as bytes from deleted group by session_id) g
					on g.session_id = d.session_id
			), raised as (
				update ws_sessions s
				set events_since = r.since, truncated_through = greatest(s.truncated_through, r.through),
					stored_bytes = greatest(0, s.stored_bytes - r.bytes)
				from remaining r
				where s.session_id = r.session_id
			)
			select (select count(*) from deleted) as removed, (select count(*) from due) as visited
			""";

	/**
	 * The bound may be infinite, because earlier versions did not maintain it.
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
