package dev.resumablews.internal.cleanup;

import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * Removes idempotency keys that have reached an age, the oldest first.
 * <p>
 * Each batch begins at the age of the one before: removed keys stay in the index until
 * vacuum, and from the beginning each batch would walk over all of them again. The
 * beginning is a comparison of rows: with two bounds of one column the planner believes
 * that few keys are old, and sorts all of them.
 */
final class ExpiredKeysSweep implements Sweep {

	private static final String REMOVE = """
			with old as materialized (
				select ctid as place, created_at from ws_idempotency_keys
				where created_at < now() - make_interval(secs => :ttl)
					and (created_at, session_id) >= (coalesce(:since::timestamptz, '-infinity'), :first::uuid)
				order by created_at
				limit :limit
				for update skip locked
			), gone as (
				delete from ws_idempotency_keys where ctid = any (array(select place from old)) returning 1
			)
			select (select count(*) from gone) as removed, max(created_at) as newest from old
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
