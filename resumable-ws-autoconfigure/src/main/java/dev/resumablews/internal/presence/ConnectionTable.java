package dev.resumablews.internal.presence;

import java.sql.Array;
import java.sql.Connection;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.node.NodeId;

/**
 * Who is connected to which node, as Postgres knows it: exact to within two heartbeats. A
 * connection whose node has not confirmed it for that long is not there any more, whether
 * its row still is or not. Nothing depends on it for correctness. All methods block until
 * Postgres answers, and throw {@link dev.resumablews.EventLogUnavailableException} if it
 * does not. Safe for use by many threads.
 */
public final class ConnectionTable {

	private static final int HEARTBEATS = 2;

	/**
	 * Takes the times of connections from their ages, because only the clock of Postgres
	 * is the same for all nodes. A row that was lost is written anew as it was.
	 */
	private static final String UPDATE = """
			with gone as (
				delete from ws_live_connections c
				using unnest(?::uuid[], ?::uuid[]) as g (connection_id, session_id)
				where c.session_id = g.session_id and c.connection_id = g.connection_id
			), node as (
				insert into ws_connected_nodes (node_id) values (?)
				on conflict (node_id) do update set last_seen_at = clock_timestamp()
			)
			insert into ws_live_connections (connection_id, session_id, user_id, node_id, connected_at)
			select connection_id, session_id, user_id, ?, clock_timestamp() - make_interval(secs => age)
			from unnest(?::uuid[], ?::uuid[], ?::text[], ?::float8[]) as i (connection_id, session_id, user_id, age)
			order by session_id, connection_id
			on conflict (session_id, connection_id) do update set last_seen_at = clock_timestamp()
			""";

	private static final String COUNT = """
			select count(*) from ws_live_connections
			where user_id = ? and last_seen_at > statement_timestamp() - make_interval(secs => ?)
			""";

	/**
	 * Uses {@code statement_timestamp()} because an index cannot be searched for the
	 * result of a volatile function.
	 */
	private static final String COUNT_ELSEWHERE = """
			with recent as materialized (
				select statement_timestamp() - make_interval(secs => ?) as since
			)
			select
				exists (select from ws_connected_nodes where node_id <> ? and last_seen_at > since),
				(select count(*) from ws_live_connections where user_id = ? and node_id <> ? and last_seen_at > since)
			from recent
			""";

	/**
	 * Counts for each connection, because Postgres may read all connections to rank those
	 * of some sessions.
	 */
	private static final String SURPLUS = """
			select c.connection_id
			from ws_live_connections c
			where c.node_id = ? and c.last_seen_at > statement_timestamp() - make_interval(secs => ?) and (
				select count(*)
				from ws_live_connections o
				where o.session_id = c.session_id and o.last_seen_at > statement_timestamp() - make_interval(secs => ?)
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
	 * Notes in one statement which connections of this node are alive, and which are
	 * gone.
	 * @param alive connections that are alive
	 * @param gone connections that were closed
	 */
	public void update(Collection<LiveConnection> alive, Collection<LiveConnection> gone) {
		if (alive.isEmpty() && gone.isEmpty()) {
			return;
		}
		long now = System.nanoTime();
		this.database.execute((session) -> session.update(UPDATE, (statement) -> {
			Connection connection = statement.getConnection();
			Array goneIds = connection.createArrayOf("uuid", values(gone, LiveConnection::connectionId));
			Array goneSessions = connection.createArrayOf("uuid", values(gone, LiveConnection::sessionId));
			statement.setArray(1, goneIds);
			statement.setArray(2, goneSessions);
			statement.setObject(3, this.nodeId);
			statement.setObject(4, this.nodeId);
			statement.setArray(5, connection.createArrayOf("uuid", values(alive, LiveConnection::connectionId)));
			statement.setArray(6, connection.createArrayOf("uuid", values(alive, LiveConnection::sessionId)));
			statement.setArray(7, connection.createArrayOf("text", values(alive, LiveConnection::userId)));
			statement.setArray(8, connection.createArrayOf("float8",
					values(alive, (each) -> seconds(Math.max(0, now - each.openedNanos())))));
		}));
	}

	/**
	 * Counts a user's connections to all nodes.
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
	 * Counts a user's connections to the other nodes.
	 * @param userId the user
	 * @return the number of connections; empty if no other node has any
	 */
	public OptionalInt countElsewhere(String userId) {
		return this.database.execute((session) -> session.query(COUNT_ELSEWHERE, (statement) -> {
			statement.setDouble(1, this.seconds);
			statement.setObject(2, this.nodeId);
			statement.setString(3, userId);
			statement.setObject(4, this.nodeId);
		}, (rows) -> {
			rows.next();
			return rows.getBoolean(1) ? OptionalInt.of(rows.getInt(2)) : OptionalInt.empty();
		}));
	}

	/**
	 * Finds the connections of this node that are too many: those whose session has at
	 * least so many newer ones, on whichever node.
	 * @param limit connections that a session may have
	 * @return the ids of the connections
	 */
	public Set<UUID> surplus(int limit) {
		return this.database.execute((session) -> new HashSet<>(session.list(SURPLUS, (statement) -> {
			statement.setObject(1, this.nodeId);
			statement.setDouble(2, this.seconds);
			statement.setDouble(3, this.seconds);
			statement.setInt(4, limit);
		}, (row) -> row.getObject(1, UUID.class))));
	}

	/**
	 * Notes that this node has no connections.
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
	 * A connection.
	 *
	 * @param connectionId its id
	 * @param sessionId its session
	 * @param userId its user
	 * @param openedNanos when it was opened, by {@link System#nanoTime()}
	 */
	public record LiveConnection(UUID connectionId, UUID sessionId, String userId, long openedNanos) {

	}

}
