package dev.resumablews.internal.cleanup;

/**
 * Removes signals that every node has read, the oldest first. A node that has not read
 * for ten seconds looks everything up instead. The newest signal stays: nodes remember
 * it, and one that does not find it looks everything up.
 */
final class SignalsSweep implements Sweep {

	/**
	 * Goes by id and not by age, so that no index on the age is needed. Each batch begins
	 * after the one before, because removed rows stay in the index until vacuum.
	 */
	private static final String REMOVE = """
			with old as materialized (
				select id, place
				from (
					select id, created_at, ctid as place from ws_signals where id > :since order by id limit :limit
				) oldest
				where created_at < now() - interval '1 minute'
					and id < (select id from ws_signals order by id desc limit 1)
			), gone as (
				delete from ws_signals where ctid = any (array(select place from old)) returning 1
			)
			select (select count(*) from gone) as removed, coalesce(max(id), 0) as last from old
			""";

	private final SweepStatements statements;

	private long since;

	SignalsSweep(SweepStatements statements) {
		this.statements = statements;
	}

	@Override
	public String what() {
		return SweepResult.SIGNALS;
	}

	@Override
	public Batch next() {
		int limit = this.statements.settings().batchSize();
		Result result = this.statements.sql(REMOVE)
			.param("since", this.since)
			.query((row, number) -> new Result(row.getLong("removed"), row.getLong("last")))
			.single();
		this.since = result.last();
		return new Batch(SweepResult.NOTHING.and(what(), result.removed()), result.removed() == limit);
	}

	private record Result(long removed, long last) {

	}

}
