package dev.resumablews.internal.cleanup;

/**
 * Removes disconnects that are older than a day. A node that was cut off from Postgres
 * for that long has lost its connections anyway.
 */
final class DisconnectsSweep implements Sweep {

	private static final String REMOVE = """
			with deleted as (
				delete from ws_disconnects
				where disconnect_key = any (array(
					select disconnect_key from ws_disconnects
					where disconnected_at < now() - interval '1 day'
					order by disconnected_at
					limit :limit
					for update skip locked
				)) returning 1
			)
			select count(*) from deleted
			""";

	private final SweepStatements statements;

	DisconnectsSweep(SweepStatements statements) {
		this.statements = statements;
	}

	@Override
	public String what() {
		return SweepResult.DISCONNECTS;
	}

	@Override
	public Batch next() {
		long removed = this.statements.sql(REMOVE).query(Long.class).single();
		return new Batch(SweepResult.NOTHING.and(what(), removed), removed == this.statements.settings().batchSize());
	}

}
