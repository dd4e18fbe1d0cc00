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

	/**
	 * Counts what the user has, up to a bound. The new session is not counted, so that
	 * creating it again changes nothing, either.
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
	 * A connection is in {@code ws_live_connections} a second after it was opened, which
	 * is why new sessions stay. Counts connections, because for {@code exists} Postgres
	 * may read all of them. Skips a session that is getting its first event.
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
	 * How far beyond the limit sessions are counted, and how many are removed at once.
	 * There are more than the limit after it was lowered.
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
	 * Creates an empty session as {@link #create(JdbcSession, UUID, String)} does, if the
	 * user has fewer open sessions than the limit. If not, the user's oldest empty
	 * sessions without a connection make room. Handshakes at the same moment may each
	 * take the last place.
	 * @param limit open sessions that the user may have
	 * @return the history that the events of the session will be part of
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
	 * @param session the connection; the sessions are moved when its transaction commits
	 * @param sessionIds any sessions
	 * @return those that another transaction is moving
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
	 * How a session was created, or not.
	 *
	 * @param sessions how many others the user has, up to a bound
	 * @param forks the history that its events will be part of
	 */
	private record Created(int sessions, Forks forks) {

	}

}
