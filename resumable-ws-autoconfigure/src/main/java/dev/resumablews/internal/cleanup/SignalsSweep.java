package dev.resumablews.internal.cleanup;

/**
 * Removes signals that all nodes have read, the oldest first. A node that has not read
 * signals for ten seconds reads all its sessions instead. The newest signal is kept:
 * nodes remember its id, and a node that does not find it reads all its sessions.
 */
final class SignalsSweep implements Sweep {

	/**
	 * Scans by id and not by age, so that no index on the age is needed. Each batch
	 * starts after the previous one, because removed rows stay in the index until vacuum.
	 */
	private static final String REMOVE = """
			with expired as materialized (
				select id, place
				from (
					select id, created_at, ctid as place from ws_signals where id > :since order by id limit :limit
				) oldest
				where created_at < now() - interval '1 minute'
					and id < (select id from ws_signals order by id desc limit 1)
			), deleted as (
				delete from ws_signals where ctid = any (array(select place from expired)) returning 1
			)
			select (select count(*) from deleted) as removed, coalesce(max(id), 0) as last from expired
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
