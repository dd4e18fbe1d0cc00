package dev.resumablews.internal.cleanup;

/**
 * Removes relays that ended more than a day ago. Until then, an ended relay with pending
 * messages forwards them when its client sends another one.
 */
final class EndedRelaysSweep implements Sweep {

	private static final String REMOVE = """
			with deleted as (
				delete from ws_relays
				where ctid = any (array(
					select ctid from ws_relays
					where state = 'ended' and updated_at < now() - interval '1 day'
					order by updated_at
					limit :limit
					for update skip locked
				)) returning 1
			)
			select count(*) from deleted
			""";

	private final SweepStatements statements;

	EndedRelaysSweep(SweepStatements statements) {
		this.statements = statements;
	}

	@Override
	public String what() {
		return SweepResult.RELAYS;
	}

	@Override
	public Batch next() {
		long removed = this.statements.sql(REMOVE).query(Long.class).single();
		return new Batch(SweepResult.NOTHING.and(what(), removed), removed == this.statements.settings().batchSize());
	}

}
