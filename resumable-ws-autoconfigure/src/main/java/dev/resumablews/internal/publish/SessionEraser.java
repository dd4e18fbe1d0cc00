package dev.resumablews.internal.publish;

import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.JdbcSession;
import dev.resumablews.internal.jdbc.SqlStates;
import dev.resumablews.internal.log.SessionRemoval;

/**
 * Erases sessions in many short transactions of the library:
 * <ol>
 * <li>Empty sessions are deleted. If an empty session is receiving its first event, the
 * eraser waits and then treats it as one of the others.
 * <li>Up to 100 other sessions are closed, after pending appends to them have committed.
 * From then on appends are rejected. The feeds are dropped on all nodes, which closes the
 * connections.
 * <li>The sessions are deleted in batches; see {@link SessionRemoval}. Then the next ones
 * are closed.
 * </ol>
 * Sessions that remain after a failure stay closed, and are deleted by the next attempt
 * or by the cleanup. All methods block, and throw {@link EventLogUnavailableException} if
 * Postgres does not answer or a session stays locked. Safe for use by many threads.
 */
final class SessionEraser {

	private static final int SESSIONS = 100;

	private static final int EMPTY_SESSIONS = 400;

	/**
	 * Maximum number of rows deleted from one table per transaction.
	 */
	private static final int ROWS = 400;

	private static final String NOW = "select clock_timestamp()";

	private static final String FIND_EMPTY = """
			select session_id from ws_empty_sessions where user_id = ? and created_at <= ? limit %d
			""".formatted(EMPTY_SESSIONS);

	private static final String REMOVE_EMPTY = """
			with deleted as (
				delete from ws_empty_sessions where session_id = any (?::uuid[]) returning session_id, user_id
			), disconnected as (
				delete from ws_live_connections where session_id = any (array(select session_id from deleted))
			)
			select session_id, user_id from deleted
			""";

	private static final String FIND = """
			select session_id from ws_sessions where user_id = ? and created_at <= ? limit %d
			""".formatted(SESSIONS);

	/**
	 * Locks the sessions in the order of their ids, as appends do. The timestamp marks
	 * the session as being erased, for other nodes and for the cleanup.
	 */
	private static final String CLOSE = """
			with locked as materialized (
				select session_id from ws_sessions
				where session_id = any (?::uuid[])
				order by session_id
				for no key update
			)
			update ws_sessions set closed_at = '-infinity'
			where session_id = any (array(select session_id from locked))
			returning session_id, user_id
			""";

	private static final String LOCK = """
			select session_id from ws_sessions where session_id = any (?::uuid[]) order by session_id for update
			""";

	private final JdbcExecutor database;

	private final SessionFeeds feeds;

	SessionEraser(JdbcExecutor database, SessionFeeds feeds) {
		this.database = database;
		this.feeds = feeds;
	}

	/**
	 * Erases a session.
	 * @return its user, or an empty list if the session does not exist
	 */
	List<String> erase(UUID sessionId) {
		List<UUID> id = List.of(sessionId);
		List<String> users = new ArrayList<>(endAll(REMOVE_EMPTY, id));
		users.addAll(endAll(CLOSE, id));
		removeAll(id);
		return users;
	}

	/**
	 * Erases all current sessions of a user.
	 * @return the number of sessions
	 */
	int eraseAll(String userId) {
		OffsetDateTime until = inTransaction((session) -> session
			.list(NOW, JdbcSession.Parameters.NONE, (row) -> row.getObject(1, OffsetDateTime.class))
			.get(0));
		int erased = 0;
		for (List<UUID> found = find(FIND_EMPTY, userId, until); !found.isEmpty(); found = find(FIND_EMPTY, userId,
				until)) {
			erased += endAll(REMOVE_EMPTY, found).size();
		}
		for (List<UUID> found = find(FIND, userId, until); !found.isEmpty(); found = find(FIND, userId, until)) {
			erased += endAll(CLOSE, found).size();
			removeAll(found);
		}
		return erased;
	}

	private List<UUID> find(String sql, String userId, OffsetDateTime until) {
		return inTransaction((session) -> session.list(sql, (statement) -> {
			statement.setString(1, userId);
			statement.setObject(2, until);
		}, (row) -> row.getObject(1, UUID.class)));
	}

	/**
	 * Deletes or closes sessions, and drops their feeds.
	 * @return the user of each session
	 */
	private List<String> endAll(String sql, Collection<UUID> sessionIds) {
		List<UUID> ended = new ArrayList<>();
		List<String> users = inTransaction((session) -> session.list(sql, parameters(sessionIds), (row) -> {
			ended.add(row.getObject(1, UUID.class));
			return row.getString(2);
		}));
		this.feeds.erased(ended);
		return users;
	}

	private void removeAll(Collection<UUID> sessionIds) {
		boolean complete;
		do {
			complete = inTransaction((session) -> {
				session.list(LOCK, parameters(sessionIds), (row) -> row.getObject(1, UUID.class));
				return SessionRemoval.remove(session, sessionIds, ROWS).complete();
			});
		}
		while (!complete);
	}

	private static JdbcSession.Parameters parameters(Collection<UUID> sessionIds) {
		return (statement) -> statement.setArray(1,
				statement.getConnection().createArrayOf("uuid", sessionIds.toArray()));
	}

	private <T> T inTransaction(JdbcExecutor.Work<T> work) {
		try {
			return this.database.inOwnTransaction((session) -> {
				T result = work.run(session);
				session.commit();
				return result;
			});
		}
		catch (SQLException ex) {
			throw SqlStates.unavailable(ex);
		}
	}

}
