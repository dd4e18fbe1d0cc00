package dev.resumablews.internal.cleanup;

/**
 * Removes the live connections of crashed nodes. A running node removes its connections
 * itself. Iterates over the nodes by index, because there are few nodes and many
 * connections.
 * <p>
 * Removes a node in one statement and its connections in a later one. A node that is
 * still running then registers again and rewrites its connections.
 */
final class DeadConnectionsSweep implements Sweep {

	private static final String REMOVE = """
			with recursive node (node_id) as (
				(select node_id from ws_live_connections order by node_id limit 1)
				union all
				select (select c.node_id from ws_live_connections c where c.node_id > n.node_id order by c.node_id limit 1)
				from node n
				where n.node_id is not null
			), dead as materialized (
				select n.node_id from node n
				where n.node_id is not null
					and not exists (select from ws_connected_nodes k where k.node_id = n.node_id)
			), expired as materialized (
				select c.place
				from dead d
				cross join lateral (
					select ctid as place from ws_live_connections
					where node_id = d.node_id and last_seen_at < now() - make_interval(secs => :ttl)
					limit :limit
					for update skip locked
				) c
				limit :limit
			), deleted as (
				delete from ws_live_connections where ctid = any (array(select place from expired)) returning 1
			), forgotten as (
				delete from ws_connected_nodes where last_seen_at < now() - make_interval(secs => :ttl) returning 1
			)
			select (select count(*) from deleted) as removed, exists (select from forgotten) as forgotten
			""";

	private final SweepStatements statements;

	DeadConnectionsSweep(SweepStatements statements) {
		this.statements = statements;
	}

	@Override
	public String what() {
		return SweepResult.LIVE_CONNECTIONS;
	}

	@Override
	public Batch next() {
		int limit = this.statements.settings().batchSize();
		Result result = this.statements.sql(REMOVE)
			.param("ttl", CleanupSettings.seconds(this.statements.settings().liveConnectionTtl()))
			.query((row, number) -> new Result(row.getLong("removed"), row.getBoolean("forgotten")))
			.single();
		return new Batch(SweepResult.NOTHING.and(what(), result.removed()),
				result.removed() == limit || result.forgotten());
	}

	private record Result(long removed, boolean forgotten) {

	}

}
