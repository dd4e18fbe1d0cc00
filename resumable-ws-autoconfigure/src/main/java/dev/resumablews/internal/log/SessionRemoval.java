package dev.resumablews.internal.log;

import java.sql.SQLException;
import java.util.Collection;
import java.util.UUID;

import dev.resumablews.internal.jdbc.JdbcSession;

/**
 * Removes sessions with all that belongs to them: the one place that does. Large sessions
 * take several transactions, in statements that each see all that was stored before:
 * <ol>
 * <li>their events are removed, then their keys;
 * <li>once there is nothing left to remove, the sessions go too. Until then they say what
 * they lost, for clients that come back in between.
 * </ol>
 * Rows are deleted by their place in the table, which cannot change while their session
 * is locked. Stateless.
 */
public final class SessionRemoval {

	private static final String REMOVE_EVENTS = """
			with old as materialized (
				select e.session_id, e.id, e.place from unnest(?::uuid[]) s (session_id)
				cross join lateral (
					select session_id, id, ctid as place from ws_events
					where session_id = s.session_id
					order by id
					limit %1$d
				) e
				limit %1$d
			), gone as (
				delete from ws_events where ctid = any (array(select place from old))
				returning session_id, id, coalesce(payload_bytes, octet_length(payload::text)) as bytes
			), marked as (
				update ws_sessions s
				set truncated_through = greatest(s.truncated_through, g.through),
					stored_bytes = greatest(0, s.stored_bytes - g.bytes)
				from (
					select session_id, max(id) as through, sum(bytes) as bytes from gone group by session_id
				) g
				where s.session_id = g.session_id and (select count(*) from old) >= %1$d
			)
			select count(*) from gone
			""";

	private static final String REMOVE_KEYS = """
			with old as materialized (
				select k.place from unnest(?::uuid[]) s (session_id)
				cross join lateral (
					select ctid as place from ws_idempotency_keys where session_id = s.session_id limit %1$d
				) k
				limit %1$d
			), gone as (
				delete from ws_idempotency_keys where ctid = any (array(select place from old)) returning 1
			)
			select count(*) from gone
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
	 * Removes the next batch, in the current transaction, which has locked the sessions.
	 * @param session the connection
	 * @param sessionIds the sessions
	 * @param limit rows to remove at most from one table. It is part of the text: a
	 * planner that does not know it takes a batch for a tenth of the table, and reads all
	 * of it
	 * @return what was removed
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
	 * What was removed.
	 *
	 * @param events how many events
	 * @param keys how many idempotency keys
	 * @param connections how many live connections
	 * @param sessions how many sessions
	 * @param complete whether nothing is left to remove
	 */
	public record Removed(long events, long keys, long connections, long sessions, boolean complete) {

		/**
		 * There was no session to remove.
		 */
		public static final Removed NOTHING = new Removed(0, 0, 0, 0, true);

	}

}
