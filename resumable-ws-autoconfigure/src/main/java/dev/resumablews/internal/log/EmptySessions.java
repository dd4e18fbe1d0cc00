package dev.resumablews.internal.log;

import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

import dev.resumablews.internal.epoch.Forks;
import dev.resumablews.internal.jdbc.JdbcSession;

/**
 * The sessions that have no event yet. Most sessions of a page that people only look at
 * stay empty, so they are kept in a table that is not logged, for a day, and become rows
 * of {@code ws_sessions} in the transaction that stores their first event. A crash of
 * Postgres or a failover loses them; the client then gets another session, and has missed
 * nothing.
 * <p>
 * A transaction that moves a session holds the lock of its row in
 * {@code ws_empty_sessions} until it ends, so that two of them cannot meet in
 * {@code ws_sessions}. Stateless.
 */
public final class EmptySessions {

	private static final String CREATE = """
			with created as (
				insert into ws_empty_sessions (session_id, user_id) values (?, ?) on conflict (session_id) do nothing
			)
			select ws_forks('', ws_epoch(), 1)
			""";

	private static final String MOVE = """
			with moving as materialized (
				select session_id, user_id, created_at
				from ws_empty_sessions
				where session_id = any (?::uuid[])
				order by session_id
				for update%s
			), removed as (
				delete from ws_empty_sessions where session_id = any (array(select session_id from moving))
			), moved as (
				insert into ws_sessions (session_id, user_id, created_at)
				select session_id, user_id, created_at from moving
				on conflict (session_id) do nothing
			)
			select session_id
			from ws_empty_sessions
			where session_id = any (?::uuid[]) and session_id not in (select session_id from moving)
			""";

	private static final String MOVE_OR_WAIT = MOVE.formatted("");

	private static final String MOVE_OR_SKIP = MOVE.formatted(" skip locked");

	private EmptySessions() {
	}

	/**
	 * Creates an empty session. If the answer was lost, creating it again changes
	 * nothing.
	 * @return the history that its events will be part of
	 */
	static Forks create(JdbcSession session, UUID sessionId, String userId) throws SQLException {
		return session.list(CREATE, (statement) -> {
			statement.setObject(1, sessionId);
			statement.setString(2, userId);
		}, (row) -> new Forks(row.getString(1))).get(0);
	}

	/**
	 * Moves those of the sessions that are empty to {@code ws_sessions}. Waits for
	 * another transaction that moves one of them.
	 * @param session the connection; the sessions are moved when its transaction commits
	 * @param sessionIds any sessions
	 * @throws SQLException if none was moved
	 */
	public static void move(JdbcSession session, Collection<UUID> sessionIds) throws SQLException {
		move(session, sessionIds, MOVE_OR_WAIT);
	}

	/**
	 * Moves those of the sessions that are empty, except those that another transaction
	 * is moving.
	 * @return those
	 */
	static Set<UUID> moveUnlocked(JdbcSession session, Collection<UUID> sessionIds) throws SQLException {
		return move(session, sessionIds, MOVE_OR_SKIP);
	}

	private static Set<UUID> move(JdbcSession session, Collection<UUID> sessionIds, String sql) throws SQLException {
		return new HashSet<>(session.list(sql, (statement) -> {
			Object[] ids = sessionIds.toArray();
			statement.setArray(1, statement.getConnection().createArrayOf("uuid", ids));
			statement.setArray(2, statement.getConnection().createArrayOf("uuid", ids));
		}, (row) -> row.getObject(1, UUID.class)));
	}

}
