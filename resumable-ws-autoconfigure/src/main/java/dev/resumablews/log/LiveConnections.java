package dev.resumablews.log;

import java.sql.Array;
import java.sql.PreparedStatement;
import java.util.Collection;
import java.util.UUID;
import java.util.function.Function;

/**
 * Who is connected, as Postgres knows it. A hint: nothing depends on it for correctness.
 * Safe for use by many threads.
 */
public final class LiveConnections {

	private static final String SQL = """
			with gone as (
				delete from ws_live_connections where connection_id = any (?) and session_id = any (?)
			)
			insert into ws_live_connections (connection_id, session_id, user_id, node_id)
			select connection_id, session_id, user_id, ?
			from unnest(?::uuid[], ?::uuid[], ?::text[]) as i (connection_id, session_id, user_id)
			order by session_id, connection_id
			on conflict (session_id, connection_id) do update set last_seen_at = clock_timestamp()
			""";

	private final Database database;

	private final UUID nodeId;

	LiveConnections(Database database, NodeId nodeId) {
		this.database = database;
		this.nodeId = nodeId.value();
	}

	/**
	 * Notes in one statement which connections are alive, and which are gone.
	 * @param alive connections that are alive
	 * @param gone connections that were closed
	 * @throws dev.resumablews.EventLogUnavailableException if Postgres does not answer
	 */
	public void update(Collection<LiveConnection> alive, Collection<LiveConnection> gone) {
		if (alive.isEmpty() && gone.isEmpty()) {
			return;
		}
		this.database.call((connection) -> {
			try (PreparedStatement statement = connection.prepareStatement(this.database.sql(SQL))) {
				Array goneIds = connection.createArrayOf("uuid", values(gone, LiveConnection::connectionId));
				Array goneSessions = connection.createArrayOf("uuid", values(gone, LiveConnection::sessionId));
				statement.setArray(1, goneIds);
				statement.setArray(2, goneSessions);
				statement.setObject(3, this.nodeId);
				statement.setArray(4, connection.createArrayOf("uuid", values(alive, LiveConnection::connectionId)));
				statement.setArray(5, connection.createArrayOf("uuid", values(alive, LiveConnection::sessionId)));
				statement.setArray(6, connection.createArrayOf("text", values(alive, LiveConnection::userId)));
				return statement.executeUpdate();
			}
		});
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
	 */
	public record LiveConnection(UUID connectionId, UUID sessionId, String userId) {

	}

}
