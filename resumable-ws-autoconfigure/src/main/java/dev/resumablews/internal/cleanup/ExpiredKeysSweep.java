package dev.resumablews.internal.cleanup;

import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * Removes expired idempotency keys, the oldest first.
 * <p>
 * Each batch starts at the age of the previous one. Removed keys stay in the index until
 * vacuum, and a batch that starts at the beginning would scan all of them again. The
 * lower bound is a row comparison: given two bounds on one column, the planner expects
 * few expired keys and sorts all of them.
 */
final class ExpiredKeysSweep implements Sweep {

	private static final String REMOVE = """
			with expired as materialized (
				select ctid as place, created_at from ws_idempotency_keys
				where created_at < now() - make_interval(secs => :ttl)
					and (created_at, session_id) >= (coalesce(:since::timestamptz, '-infinity'), :first::uuid)
				order by created_at
				limit :limit
				for update skip locked
			), deleted as (
				delete from ws_idempotency_keys where ctid = any (array(select place from expired)) returning 1
			)
			select (select count(*) from deleted) as removed, max(created_at) as newest from expired
			""";

	private static final String OVERDUE = """
			select extract(epoch from now() - make_interval(secs => :ttl) - created_at)::float8
			from ws_idempotency_keys
			order by created_at
			limit 1
			""";

	private final SweepStatements statements;

	private @Nullable OffsetDateTime since;

	ExpiredKeysSweep(SweepStatements statements) {
		this.statements = statements;
	}

	@Override
	public String what() {
		return SweepResult.IDEMPOTENCY_KEYS;
	}

	@Override
	public Batch next() {
		int limit = this.statements.settings().batchSize();
		Result result = this.statements.sql(REMOVE)
			.param("ttl", CleanupSettings.seconds(ttl()))
			.param("since", this.since)
			.param("first", new UUID(0, 0))
			.query((row, number) -> new Result(row.getLong("removed"), row.getObject("newest", OffsetDateTime.class)))
			.single();
		this.since = result.newest();
		return new Batch(SweepResult.NOTHING.and(what(), result.removed()), result.removed() == limit);
	}

	@Override
	public Optional<Duration> overdue() {
		return this.statements.overdue(OVERDUE, ttl());
	}

	private Duration ttl() {
		return this.statements.settings().idempotencyKeyTtl();
	}

	private record Result(long removed, @Nullable OffsetDateTime newest) {

	}

}
