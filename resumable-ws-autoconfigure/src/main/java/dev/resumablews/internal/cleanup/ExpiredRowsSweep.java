package dev.resumablews.internal.cleanup;

import java.time.Duration;
import java.time.OffsetDateTime;

import dev.resumablews.internal.schema.SchemaName;
import org.jspecify.annotations.Nullable;

import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Removes the rows of one table that have reached an age.
 * <p>
 * Each batch begins at the age of the one before: removed rows stay in the table's pages
 * until vacuum, and from the beginning each batch would walk over all of them again.
 */
final class ExpiredRowsSweep implements Sweep {

	/**
	 * Locks the sessions first, in the order in which appends lock them.
	 */
	private static final String EVENTS = """
			with old as materialized (
				select session_id, id, created_at from ws_events
				where created_at < now() - make_interval(secs => ?)
					and created_at >= coalesce(?::timestamptz, '-infinity')
				limit ?
			), locked as materialized (
				select session_id from ws_sessions where session_id in (select session_id from old)
				order by session_id for no key update
			), gone as (
				delete from ws_events e using old
				where e.session_id = old.session_id and e.id = old.id and (select count(*) from locked) >= 0
				returning e.session_id, e.id
			), marked as (
				update ws_sessions s set truncated_through = greatest(s.truncated_through, g.through)
				from (select session_id, max(id) as through from gone group by session_id) g
				where s.session_id = g.session_id
			)
			select (select count(*) from gone) as removed, count(*) as found, min(created_at) as oldest from old
			""";

	private static final String IDEMPOTENCY_KEYS = """
			with old as materialized (
				select session_id, idempotency_key, created_at from ws_idempotency_keys
				where created_at < now() - make_interval(secs => ?)
					and created_at >= coalesce(?::timestamptz, '-infinity')
				limit ? for update skip locked
			), gone as (
				delete from ws_idempotency_keys k using old
				where k.session_id = old.session_id and k.idempotency_key = old.idempotency_key
				returning 1
			)
			select (select count(*) from gone) as removed, count(*) as found, min(created_at) as oldest from old
			""";

	private static final String LIVE_CONNECTIONS = """
			with old as materialized (
				select session_id, connection_id, last_seen_at from ws_live_connections
				where last_seen_at < now() - make_interval(secs => ?)
					and last_seen_at >= coalesce(?::timestamptz, '-infinity')
				limit ? for update skip locked
			), gone as (
				delete from ws_live_connections c using old
				where c.session_id = old.session_id and c.connection_id = old.connection_id
				returning 1
			)
			select (select count(*) from gone) as removed, count(*) as found, min(last_seen_at) as oldest from old
			""";

	private final JdbcClient jdbc;

	private final String sql;

	private final String what;

	private final Duration ttl;

	private final int batchSize;

	private @Nullable OffsetDateTime from;

	private long removedInThisPass;

	private ExpiredRowsSweep(JdbcClient jdbc, String sql, String what, Duration ttl, int batchSize) {
		this.jdbc = jdbc;
		this.sql = sql;
		this.what = what;
		this.ttl = ttl;
		this.batchSize = batchSize;
	}

	static Sweep events(JdbcClient jdbc, SchemaName schema, CleanupSettings settings) {
		return new ExpiredRowsSweep(jdbc, schema.qualify(EVENTS), SweepResult.EVENTS, settings.eventTtl(),
				settings.batchSize());
	}

	static Sweep idempotencyKeys(JdbcClient jdbc, SchemaName schema, CleanupSettings settings) {
		return new ExpiredRowsSweep(jdbc, schema.qualify(IDEMPOTENCY_KEYS), SweepResult.IDEMPOTENCY_KEYS,
				settings.idempotencyKeyTtl(), settings.batchSize());
	}

	static Sweep liveConnections(JdbcClient jdbc, SchemaName schema, CleanupSettings settings) {
		return new ExpiredRowsSweep(jdbc, schema.qualify(LIVE_CONNECTIONS), SweepResult.LIVE_CONNECTIONS,
				settings.liveConnectionTtl(), settings.batchSize());
	}

	@Override
	public Batch next() {
		Result result = this.jdbc.sql(this.sql)
			.param(CleanupSettings.seconds(this.ttl))
			.param(this.from)
			.param(this.batchSize)
			.query((row, number) -> new Result(row.getLong("removed"), row.getLong("found"),
					row.getObject("oldest", OffsetDateTime.class)))
			.single();
		this.removedInThisPass += result.removed();
		return new Batch(SweepResult.NOTHING.and(this.what, result.removed()), advance(result));
	}

	private boolean advance(Result result) {
		if (result.found() == this.batchSize && result.removed() > 0) {
			this.from = result.oldest();
			return true;
		}
		// rows lie only roughly in the order of their age, so look once more from the
		// beginning, as long as that leads to anything
		boolean again = this.from != null && this.removedInThisPass > 0;
		this.from = null;
		this.removedInThisPass = 0;
		return again;
	}

	private record Result(long removed, long found, @Nullable OffsetDateTime oldest) {

	}

}
