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
 * Erases sessions, in many short transactions of the library's:
 * <ol>
 * <li>Those that have no event are removed. One that gets its first event at that moment
 * is waited for, and is among the others then.
 * <li>Up to 100 of the others are closed, once what is being stored in them is committed.
 * From here on nothing more is. Their feeds are dropped, here and on the other nodes,
 * which closes their connections.
 * <li>They are removed, in batches; see {@link SessionRemoval}. And so on with the next
 * ones.
 * </ol>
 * What is left after a failure stays closed, and is removed by the next attempt or by the
 * cleanup. All methods block, and throw {@link EventLogUnavailableException} if Postgres
 * does not answer or somebody keeps a session locked. Safe for use by many threads.
 */
final class SessionEraser {

	private static final int SESSIONS = 100;

	private static final int EMPTY_SESSIONS = 400;

	/**
	 * Rows that are removed from one table in one transaction.
	 */
	private static final int ROWS = 400;

	private static final String NOW = "select clock_timestamp()";

	private static final String FIND_EMPTY = """
			select session_id from ws_empty_sessions where user_id = ? and created_at <= ? limit %d
			""".formatted(EMPTY_SESSIONS);

	private static final String REMOVE_EMPTY = """
			with gone as (
				delete from ws_empty_sessions where session_id = any (?::uuid[]) returning session_id, user_id
			), disconnected as (
				delete from ws_live_connections where session_id = any (array(select session_id from gone))
			)
			select session_id, user_id from gone
			""";

	private static final String FIND = """
			select session_id from ws_sessions where user_id = ? and created_at <= ? limit %d
			""".formatted(SESSIONS);

	/**
	 * Locks the sessions in the order of their ids, as appends do. The time tells nodes
	 * and the cleanup that they are being erased.
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
	 * @return its users: one, or none if there was no such session
	 */
	List<String> erase(UUID sessionId) {
		List<UUID> id = List.of(sessionId);
		List<String> users = new ArrayList<>(endAll(REMOVE_EMPTY, id));
		users.addAll(endAll(CLOSE, id));
		removeAll(id);
		return users;
	}

	/**
	 * Erases all sessions that a user has now.
	 * @return how many
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
	 * Removes or closes sessions, and drops their feeds.
	 * @return the user of each of them
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
