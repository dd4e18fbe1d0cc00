package dev.resumablews.internal.log;

import java.sql.SQLException;
import java.util.Collection;
import java.util.UUID;

import dev.resumablews.internal.jdbc.JdbcSession;

/**
 * Deletes sessions with all their rows; no other class does. Large sessions take several
 * transactions. Each statement sees all rows stored before it:
 * <ol>
 * <li>deletes the events, then the idempotency keys;
 * <li>once these are gone, deletes the sessions. Until then {@code truncated_through}
 * records the deleted events for clients that reconnect in between.
 * </ol>
 * Rows are deleted by {@code ctid}, which cannot change while their session is locked.
 * Stateless.
 */
public final class SessionRemoval {

	private static final String REMOVE_EVENTS = """
			with batch as materialized (
				select e.session_id, e.id, e.place from unnest(?::uuid[]) s (session_id)
				cross join lateral (
					select session_id, id, ctid as place from ws_events
					where session_id = s.session_id
					order by id
					limit %1$d
				) e
				limit %1$d
			), deleted as (
				delete from ws_events where ctid = any (array(select place from batch))
				returning session_id, id, coalesce(payload_bytes, octet_length(payload::text)) as bytes
			), marked as (
				update ws_sessions s
				set truncated_through = greatest(s.truncated_through, g.through),
					stored_bytes = greatest(0, s.stored_bytes - g.bytes)
				from (
					select session_id, max(id) as through, sum(bytes) as bytes from deleted group by session_id
				) g
				where s.session_id = g.session_id and (select count(*) from batch) >= %1$d
			)
			select count(*) from deleted
			""";

	private static final String REMOVE_KEYS = """
			with batch as materialized (
				select k.place from unnest(?::uuid[]) s (session_id)
				cross join lateral (
					select ctid as place from ws_idempotency_keys where session_id = s.session_id limit %1$d
				) k
				limit %1$d
			), deleted as (
				delete from ws_idempotency_keys where ctid = any (array(select place from batch)) returning 1
			)
			select count(*) from deleted
			""";

	private static final String REMOVE_CONNECTIONS = """
			delete from ws_live_connections where session_id = any (?::uuid[])
			""";

	private static final String REMOVE_REPLIES = """
			delete from ws_replies where session_id = any (?::uuid[])
			""";

	private static final String REMOVE_RELAYS = """
			delete from ws_relays where session_id = any (?::uuid[])
			""";

	private static final String REMOVE_SESSIONS = """
			delete from ws_sessions where session_id = any (?::uuid[])
			""";

	private SessionRemoval() {
	}

	/**
	 * Deletes the next batch in the current transaction, which must hold the locks of the
	 * sessions.
	 * @param session the connection
	 * @param sessionIds the sessions
	 * @param limit maximum number of rows to delete from one table. It is part of the
	 * statement's text, because for an unknown limit the planner assumes a tenth of the
	 * table and reads all of it
	 * @return the deleted rows
	 * @throws SQLException if a statement failed
	 */
	public static Removed remove(JdbcSession session, Collection<UUID> sessionIds, int limit) throws SQLException {
		long events = removeBatch(session, REMOVE_EVENTS.formatted(limit), sessionIds);
		if (events >= limit) {
			return new Removed(events, 0, 0, 0, false);
		}
		long keys = removeBatch(session, REMOVE_KEYS.formatted(limit), sessionIds);
		if (keys >= limit) {
			return new Removed(events, keys, 0, 0, false);
		}
		removeAll(session, REMOVE_REPLIES, sessionIds);
		removeAll(session, REMOVE_RELAYS, sessionIds);
		int connections = removeAll(session, REMOVE_CONNECTIONS, sessionIds);
		return new Removed(events, keys, connections, removeAll(session, REMOVE_SESSIONS, sessionIds), true);
	}

	private static long removeBatch(JdbcSession session, String sql, Collection<UUID> sessionIds) throws SQLException {
		return session.query(sql, parameters(sessionIds), (rows) -> {
			rows.next();
			return rows.getLong(1);
		});
	}

	private static int removeAll(JdbcSession session, String sql, Collection<UUID> sessionIds) throws SQLException {
		return session.update(sql, parameters(sessionIds));
	}

	private static JdbcSession.Parameters parameters(Collection<UUID> sessionIds) {
		return (statement) -> statement.setArray(1,
				statement.getConnection().createArrayOf("uuid", sessionIds.toArray()));
	}

	/**
	 * The number of deleted rows.
	 *
	 * @param events number of events
	 * @param keys number of idempotency keys
	 * @param connections number of live connections
	 * @param sessions number of sessions
	 * @param complete whether all rows of the sessions are deleted
	 */
	public record Removed(long events, long keys, long connections, long sessions, boolean complete) {

		/**
		 * No rows, because there was no session to delete.
		 */
		public static final Removed NOTHING = new Removed(0, 0, 0, 0, true);

	}

}
