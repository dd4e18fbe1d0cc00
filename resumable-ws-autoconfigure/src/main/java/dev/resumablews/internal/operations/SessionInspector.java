package dev.resumablews.internal.operations;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.JdbcSession;
import dev.resumablews.internal.node.NodeId;
import org.jspecify.annotations.Nullable;

/**
 * Reads the stored data of one session without payloads, with one statement per table.
 * Each statement is limited in time and rows. Safe for use by many threads. Blocks until
 * Postgres responds, and throws {@link dev.resumablews.EventLogUnavailableException} if
 * it does not.
 */
final class SessionInspector {

	/**
	 * Maximum number of events, replies, relays and connections.
	 */
	static final int MOST = 20;

	private static final String SESSION = """
			select user_id, created_at, last_active_at, closed_at, last_event_id, truncated_through, stored_bytes
			from ws_sessions where session_id = ?
			union all
			select user_id, created_at, used_at, null, 0, 0, 0
			from ws_empty_sessions where session_id = ?
			limit 1
			""";

	private static final String EVENTS = """
			select id, type, coalesce(payload_bytes, octet_length(payload::text)) as bytes, created_at
			from ws_events where session_id = ?
			order by id desc
			limit ?
			""";

	private static final String REPLIES = """
			select event_id, message_id, state, node_id, attempts, lease_until, cancelled_at is not null as cancelled
			from ws_replies where session_id = ?
			order by event_id
			limit ?
			""";

	private static final String RELAYS = """
			select name, state, node_id, wanted_id, forwarded_id, lease_until
			from ws_relays where session_id = ?
			order by name
			limit ?
			""";

	private static final String CONNECTIONS = """
			select connection_id, node_id, connected_at
			from ws_live_connections where session_id = ? and node_id <> ?
			order by connected_at desc
			limit ?
			""";

	private final JdbcExecutor database;

	private final NodeId node;

	SessionInspector(JdbcExecutor database, NodeId node) {
		this.database = database;
		this.node = node;
	}

	/**
	 * Reads a session.
	 * @return its stored data; empty if there is no such session
	 */
	Optional<StoredSession> read(UUID sessionId) {
		return this.database.execute((session) -> {
			List<SessionRow> rows = session.list(SESSION, (statement) -> {
				statement.setObject(1, sessionId);
				statement.setObject(2, sessionId);
			}, SessionRow::of);
			return rows.isEmpty() ? Optional.empty() : Optional.of(read(session, sessionId, rows.get(0)));
		});
	}

	private StoredSession read(JdbcSession session, UUID sessionId, SessionRow row) throws SQLException {
		List<StoredEvent> events = list(session, EVENTS, sessionId, StoredEvent::of);
		List<StoredReply> replies = list(session, REPLIES, sessionId, StoredReply::of);
		List<StoredRelay> relays = list(session, RELAYS, sessionId, StoredRelay::of);
		List<RemoteConnection> connections = session.list(CONNECTIONS, (statement) -> {
			statement.setObject(1, sessionId);
			statement.setObject(2, this.node.value());
			statement.setInt(3, MOST);
		}, RemoteConnection::of);
		return new StoredSession(row, connections, replies, relays, events);
	}

	private static <T> List<T> list(JdbcSession session, String sql, UUID sessionId, JdbcSession.Rows<T> row)
			throws SQLException {
		return session.list(sql, (statement) -> {
			statement.setObject(1, sessionId);
			statement.setInt(2, MOST);
		}, row);
	}

	private static @Nullable Instant time(ResultSet result, String column) throws SQLException {
		OffsetDateTime time = result.getObject(column, OffsetDateTime.class);
		return (time != null) ? time.toInstant() : null;
	}

	/**
	 * Stored data of a session.
	 *
	 * @param session the session
	 * @param connections connections to other nodes, the newest first
	 * @param replies its unfinished replies
	 * @param relays its relays
	 * @param events the last events, the newest first
	 */
	record StoredSession(SessionRow session, List<RemoteConnection> connections, List<StoredReply> replies,
			List<StoredRelay> relays, List<StoredEvent> events) {

	}

	/**
	 * A session.
	 *
	 * @param userId the user
	 * @param createdAt when it was created
	 * @param lastActiveAt when it was last active
	 * @param closedAt when it was closed; null if it is open
	 * @param lastEventId the end of its log
	 * @param truncatedThrough events up to this id were removed
	 * @param storedBytes size of its payloads
	 */
	record SessionRow(String userId, @Nullable Instant createdAt, @Nullable Instant lastActiveAt,
			@Nullable Instant closedAt, long lastEventId, long truncatedThrough, long storedBytes) {

		static SessionRow of(ResultSet row) throws SQLException {
			return new SessionRow(row.getString("user_id"), time(row, "created_at"), time(row, "last_active_at"),
					time(row, "closed_at"), row.getLong("last_event_id"), row.getLong("truncated_through"),
					row.getLong("stored_bytes"));
		}

	}

	/**
	 * An event without its payload.
	 */
	record StoredEvent(long id, String type, long bytes, @Nullable Instant createdAt) {

		static StoredEvent of(ResultSet row) throws SQLException {
			return new StoredEvent(row.getLong("id"), row.getString("type"), row.getLong("bytes"),
					time(row, "created_at"));
		}

	}

	/**
	 * A reply that has not ended.
	 */
	record StoredReply(long eventId, @Nullable UUID messageId, String state, @Nullable UUID node, int attempts,
			@Nullable Instant leaseUntil, boolean cancelled) {

		static StoredReply of(ResultSet row) throws SQLException {
			return new StoredReply(row.getLong("event_id"), row.getObject("message_id", UUID.class),
					row.getString("state"), row.getObject("node_id", UUID.class), row.getInt("attempts"),
					time(row, "lease_until"), row.getBoolean("cancelled"));
		}

	}

	/**
	 * A relay.
	 */
	record StoredRelay(String name, String state, @Nullable UUID node, long wantedId, long forwardedId,
			@Nullable Instant leaseUntil) {

		static StoredRelay of(ResultSet row) throws SQLException {
			return new StoredRelay(row.getString("name"), row.getString("state"), row.getObject("node_id", UUID.class),
					row.getLong("wanted_id"), row.getLong("forwarded_id"), time(row, "lease_until"));
		}

	}

	/**
	 * A connection to another node.
	 */
	record RemoteConnection(UUID connectionId, UUID node, @Nullable Instant connectedAt) {

		static RemoteConnection of(ResultSet row) throws SQLException {
			return new RemoteConnection(row.getObject("connection_id", UUID.class),
					row.getObject("node_id", UUID.class), time(row, "connected_at"));
		}

	}

}
