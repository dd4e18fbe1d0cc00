package dev.resumablews.internal.log;

import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

import dev.resumablews.internal.budget.BudgetExceededException;
import dev.resumablews.internal.epoch.Forks;
import dev.resumablews.internal.jdbc.JdbcSession;

/**
 * The sessions without events. Most sessions of a page that is only viewed stay empty, so
 * they are kept in an unlogged table for a day. The transaction that stores the first
 * event moves the session to {@code ws_sessions}. A Postgres crash or a failover loses
 * empty sessions; the client then gets a new session and has missed nothing.
 * <p>
 * A transaction that moves a session holds the lock on its row in {@code
 * ws_empty_sessions} until it ends, so that two transactions cannot insert the same
 * session into {@code ws_sessions}. Stateless.
 */
public final class EmptySessions {

	private static final String CREATE = """
			with created as (
				insert into ws_empty_sessions (session_id, user_id) values (?, ?) on conflict (session_id) do nothing
			)
			select ws_forks('', ws_epoch(), 1)
			""";

	/**
	 * Counts the user's sessions up to a limit. Does not count the new session, so that
	 * this statement is idempotent.
	 */
	private static final String CREATE_WITHIN_LIMIT = """
			with present as materialized (
				select count(*) as sessions
				from (
					select 1 from ws_sessions where user_id = ? and closed_at is null
					union all
					select 1 from ws_empty_sessions where user_id = ? and session_id <> ?
					limit ?
				) s
			), created as (
				insert into ws_empty_sessions (session_id, user_id)
				select ?, ? from present where sessions < ?
				on conflict (session_id) do nothing
			)
			select sessions, ws_forks('', ws_epoch(), 1) from present
			""";

	/**
	 * Keeps new sessions, because a connection is added to {@code ws_live_connections} up
	 * to a second after it opens. Counts connections, because for {@code exists} Postgres
	 * may read all of them. Skips a session whose first event is being stored.
	 */
	private static final String REMOVE_UNUSED = """
			with unused as materialized (
				select e.session_id
				from ws_empty_sessions e
				where e.user_id = ? and e.created_at < statement_timestamp() - interval '5 seconds'
					and (select count(*) from ws_live_connections l where l.session_id = e.session_id) = 0
				order by e.created_at
				limit ?
				for update of e skip locked
			)
			delete from ws_empty_sessions where session_id = any (array(select session_id from unused))
			""";

	/**
	 * Maximum number of sessions above the limit that are counted and removed at once. A
	 * user may have more sessions than the limit after it was lowered.
	 */
	private static final int MAX_EXCESS = 100;

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
	 * Creates an empty session. Idempotent, so that it can be repeated if the response is
	 * lost.
	 * @return the history that its events will belong to
	 */
	static Forks create(JdbcSession session, UUID sessionId, String userId) throws SQLException {
		return session.list(CREATE, (statement) -> {
			statement.setObject(1, sessionId);
			statement.setString(2, userId);
		}, (row) -> new Forks(row.getString(1))).get(0);
	}

	/**
	 * Creates an empty session like {@link #create(JdbcSession, UUID, String)} if the
	 * user has fewer open sessions than the limit. Otherwise first removes the user's
	 * oldest empty sessions without a connection. Concurrent handshakes may each take the
	 * last place.
	 * @param limit maximum number of open sessions of the user
	 * @return the history that its events will belong to
	 * @throws BudgetExceededException if the session was not created
	 */
	static Forks create(JdbcSession session, UUID sessionId, String userId, int limit) throws SQLException {
		Created first = createWithin(session, sessionId, userId, limit);
		if (first.sessions() < limit) {
			return first.forks();
		}
		if (removeUnused(session, userId, first.sessions() - limit + 1) > 0) {
			Created second = createWithin(session, sessionId, userId, limit);
			if (second.sessions() < limit) {
				return second.forks();
			}
		}
		throw new BudgetExceededException("max_sessions");
	}

	private static Created createWithin(JdbcSession session, UUID sessionId, String userId, int limit)
			throws SQLException {
		return session.list(CREATE_WITHIN_LIMIT, (statement) -> {
			statement.setString(1, userId);
			statement.setString(2, userId);
			statement.setObject(3, sessionId);
			statement.setLong(4, (long) limit + MAX_EXCESS);
			statement.setObject(5, sessionId);
			statement.setString(6, userId);
			statement.setInt(7, limit);
		}, (row) -> new Created(row.getInt(1), new Forks(row.getString(2)))).get(0);
	}

	private static int removeUnused(JdbcSession session, String userId, int count) throws SQLException {
		return session.update(REMOVE_UNUSED, (statement) -> {
			statement.setString(1, userId);
			statement.setInt(2, count);
		});
	}

	/**
	 * Moves the empty sessions among the given ones to {@code ws_sessions}. Waits for
	 * another transaction that is moving one of them.
	 * @param session the connection; the sessions are moved when its transaction commits
	 * @param sessionIds any sessions
	 * @throws SQLException if none was moved
	 */
	public static void move(JdbcSession session, Collection<UUID> sessionIds) throws SQLException {
		move(session, sessionIds, MOVE_OR_WAIT);
	}

	/**
	 * Moves the empty sessions among the given ones, except those that another
	 * transaction is moving.
	 * @param session the connection; the sessions are moved when its transaction commits
	 * @param sessionIds any sessions
	 * @return the sessions that another transaction is moving
	 * @throws SQLException if none was moved
	 */
	public static Set<UUID> moveUnlocked(JdbcSession session, Collection<UUID> sessionIds) throws SQLException {
		return move(session, sessionIds, MOVE_OR_SKIP);
	}

	private static Set<UUID> move(JdbcSession session, Collection<UUID> sessionIds, String sql) throws SQLException {
		return new HashSet<>(session.list(sql, (statement) -> {
			Object[] ids = sessionIds.toArray();
			statement.setArray(1, statement.getConnection().createArrayOf("uuid", ids));
			statement.setArray(2, statement.getConnection().createArrayOf("uuid", ids));
		}, (row) -> row.getObject(1, UUID.class)));
	}

	/**
	 * The result of an attempt to create a session.
	 *
	 * @param sessions number of other sessions of the user, up to a limit
	 * @param forks the history that its events will belong to
	 */
	private record Created(int sessions, Forks forks) {

	}

}
