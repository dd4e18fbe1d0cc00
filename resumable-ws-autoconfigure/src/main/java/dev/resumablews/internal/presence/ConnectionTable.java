package dev.resumablews.internal.presence;

import java.sql.Array;
import java.sql.Connection;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.node.NodeId;

/**
 * Table of the live connections of all nodes, accurate to within two heartbeats. A row is
 * inserted when its connection opens and deleted when it closes; a heartbeat updates the
 * single row of its node. Connections of a node without a heartbeat for that time are
 * considered closed, even if their rows still exist. Correctness does not depend on this
 * table. All methods block until Postgres answers, and throw
 * {@link dev.resumablews.EventLogUnavailableException} if it does not. Safe for use by
 * many threads.
 */
public final class ConnectionTable {

	private static final int HEARTBEATS = 2;

	/**
	 * Computes connection times from their ages, because the Postgres clock is the only
	 * one that all nodes share. A lost row is restored unchanged. The node's row is not
	 * upserted, because an upsert does not report whether it existed.
	 */
	private static final String UPDATE = """
			with deleted as (
				delete from ws_live_connections c
				using unnest(?::uuid[], ?::uuid[]) as g (connection_id, session_id)
				where c.session_id = g.session_id and c.connection_id = g.connection_id
			), known as (
				update ws_connected_nodes set last_seen_at = clock_timestamp() where node_id = ? returning node_id
			), added as (
				insert into ws_connected_nodes (node_id)
				select ? where not exists (select from known)
				on conflict (node_id) do nothing
			), written as (
				insert into ws_live_connections (connection_id, session_id, user_id, node_id, connected_at)
				select connection_id, session_id, user_id, ?, clock_timestamp() - make_interval(secs => age)
				from unnest(?::uuid[], ?::uuid[], ?::text[], ?::float8[]) as i (connection_id, session_id, user_id, age)
				order by session_id, connection_id
				on conflict (session_id, connection_id) do update set last_seen_at = clock_timestamp()
			)
			select exists (select from known), exists (
				select from ws_connected_nodes
				where last_seen_at > statement_timestamp() - make_interval(secs => ?) and node_id <> ?)
			""";

	private static final String COUNT = """
			select count(*) from ws_live_connections
			where user_id = ? and node_id = any (array(
				select node_id from ws_connected_nodes
				where last_seen_at > statement_timestamp() - make_interval(secs => ?)))
			""";

	private static final String COUNT_ELSEWHERE = """
			with others as materialized (
				select node_id from ws_connected_nodes
				where last_seen_at > statement_timestamp() - make_interval(secs => ?) and node_id <> ?
			)
			select
				exists (select from others),
				(select count(*) from ws_live_connections where user_id = ? and node_id = any (array(select node_id from others)))
			""";

	/**
	 * Queries the sessions one by one, and reads no more connections than a presence
	 * message may contain.
	 */
	private static final String ELSEWHERE = """
			with others as materialized (
				select node_id from ws_connected_nodes
				where last_seen_at > statement_timestamp() - make_interval(secs => ?) and node_id <> ?
			)
			select s.session_id, c.connection_id, c.user_id
			from unnest(?::uuid[]) as s (session_id)
			cross join lateral (
				select connection_id, user_id
				from ws_live_connections
				where session_id = s.session_id and node_id = any (array(select node_id from others))
				order by connection_id
				limit ?
			) c
			""";

	/**
	 * Counts per connection, because to rank the connections of some sessions Postgres
	 * might read all connections.
	 */
	private static final String SURPLUS = """
			with alive as materialized (
				select node_id from ws_connected_nodes
				where last_seen_at > statement_timestamp() - make_interval(secs => ?)
			)
			select c.connection_id
			from ws_live_connections c
			where c.node_id = ? and (
				select count(*)
				from ws_live_connections o
				where o.session_id = c.session_id and o.node_id = any (array(select node_id from alive))
					and (o.connected_at > c.connected_at
						or o.connected_at = c.connected_at and o.connection_id < c.connection_id)
			) >= ?
			""";

	private static final String REMOVE = """
			with node as (
				delete from ws_connected_nodes where node_id = ?
			)
			delete from ws_live_connections where node_id = ?
			""";

	private final JdbcExecutor database;

	private final UUID nodeId;

	private final double seconds;

	public ConnectionTable(JdbcExecutor database, NodeId nodeId, Duration heartbeat) {
		this.database = database;
		this.nodeId = nodeId.value();
		this.seconds = seconds(heartbeat.toNanos() * HEARTBEATS);
	}

	/**
	 * Records in one statement that this node is alive, and which of its connections were
	 * opened and closed.
	 * @param opened connections that were opened
	 * @param closed connections that were closed
	 * @return whether this node was known, and whether other nodes have connections
	 */
	public Update update(Collection<LiveConnection> opened, Collection<LiveConnection> closed) {
		long now = System.nanoTime();
		return this.database.execute((session) -> session.query(UPDATE, (statement) -> {
			Connection connection = statement.getConnection();
			Array closedIds = connection.createArrayOf("uuid", values(closed, LiveConnection::connectionId));
			Array closedSessions = connection.createArrayOf("uuid", values(closed, LiveConnection::sessionId));
			statement.setArray(1, closedIds);
			statement.setArray(2, closedSessions);
			statement.setObject(3, this.nodeId);
			statement.setObject(4, this.nodeId);
			statement.setObject(5, this.nodeId);
			statement.setArray(6, connection.createArrayOf("uuid", values(opened, LiveConnection::connectionId)));
			statement.setArray(7, connection.createArrayOf("uuid", values(opened, LiveConnection::sessionId)));
			statement.setArray(8, connection.createArrayOf("text", values(opened, LiveConnection::userId)));
			statement.setArray(9, connection.createArrayOf("float8",
					values(opened, (each) -> seconds(Math.max(0, now - each.openedNanos())))));
			statement.setDouble(10, this.seconds);
			statement.setObject(11, this.nodeId);
		}, (rows) -> {
			rows.next();
			return new Update(rows.getBoolean(1), rows.getBoolean(2));
		}));
	}

	/**
	 * Returns the connections of sessions to other nodes.
	 * @param sessionIds the sessions
	 * @param limit maximum number of connections per session
	 * @return users by connection, by session
	 */
	public Map<UUID, Map<UUID, String>> elsewhere(Collection<UUID> sessionIds, int limit) {
		return this.database.execute((session) -> session.query(ELSEWHERE, (statement) -> {
			statement.setDouble(1, this.seconds);
			statement.setObject(2, this.nodeId);
			statement.setArray(3, statement.getConnection().createArrayOf("uuid", sessionIds.toArray()));
			statement.setInt(4, limit);
		}, (rows) -> {
			Map<UUID, Map<UUID, String>> users = new HashMap<>();
			while (rows.next()) {
				users.computeIfAbsent(rows.getObject(1, UUID.class), (id) -> new HashMap<>())
					.put(rows.getObject(2, UUID.class), rows.getString(3));
			}
			return users;
		}));
	}

	/**
	 * Returns the number of a user's connections to all nodes.
	 * @param userId the user
	 * @return the number of connections
	 */
	public int count(String userId) {
		return this.database.execute((session) -> session.query(COUNT, (statement) -> {
			statement.setString(1, userId);
			statement.setDouble(2, this.seconds);
		}, (rows) -> {
			rows.next();
			return rows.getInt(1);
		}));
	}

	/**
	 * Returns the number of a user's connections to other nodes.
	 * @param userId the user
	 * @return the number of connections; empty if no other node has any
	 */
	public OptionalInt countElsewhere(String userId) {
		return this.database.execute((session) -> session.query(COUNT_ELSEWHERE, (statement) -> {
			statement.setDouble(1, this.seconds);
			statement.setObject(2, this.nodeId);
			statement.setString(3, userId);
		}, (rows) -> {
			rows.next();
			return rows.getBoolean(1) ? OptionalInt.of(rows.getInt(2)) : OptionalInt.empty();
		}));
	}

	/**
	 * Returns the surplus connections of this node: those whose session has at least this
	 * many newer connections on any node.
	 * @param limit maximum number of connections per session
	 * @return the ids of the connections
	 */
	public Set<UUID> surplus(int limit) {
		return this.database.execute((session) -> new HashSet<>(session.list(SURPLUS, (statement) -> {
			statement.setDouble(1, this.seconds);
			statement.setObject(2, this.nodeId);
			statement.setInt(3, limit);
		}, (row) -> row.getObject(1, UUID.class))));
	}

	/**
	 * Deletes all connections of this node.
	 */
	public void removeAll() {
		this.database.execute((session) -> session.update(REMOVE, (statement) -> {
			statement.setObject(1, this.nodeId);
			statement.setObject(2, this.nodeId);
		}));
	}

	private static double seconds(long nanos) {
		return nanos / (double) TimeUnit.SECONDS.toNanos(1);
	}

	private static Object[] values(Collection<LiveConnection> connections, Function<LiveConnection, Object> value) {
		return connections.stream().map(value).toArray();
	}

	/**
	 * State found by {@link #update}.
	 *
	 * @param known whether this node's row existed; if not, the rows of all its
	 * connections may be lost
	 * @param others whether other nodes have connections
	 */
	public record Update(boolean known, boolean others) {

	}

	/**
	 * A connection.
	 *
	 * @param connectionId its id
	 * @param sessionId its session
	 * @param userId its user
	 * @param openedNanos {@link System#nanoTime()} at which it was opened
	 */
	public record LiveConnection(UUID connectionId, UUID sessionId, String userId, long openedNanos) {

	}

}
