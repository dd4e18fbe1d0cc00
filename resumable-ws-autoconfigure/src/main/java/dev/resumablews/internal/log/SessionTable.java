package dev.resumablews.internal.log;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

import dev.resumablews.SessionSummary;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.JdbcSession;
import dev.resumablews.internal.log.OpenedSession.Reason;
import org.jspecify.annotations.Nullable;

/**
 * The sessions in Postgres. Safe for use by many threads.
 */
public final class SessionTable {

	private static final String SUMMARY = """
			select session_id, user_id, last_event_id, created_at, last_active_at, closed_at is not null as closed
			from ws_sessions
			""";

	private static final String FIND = SUMMARY + "where session_id = ?";

	private static final String LIST = SUMMARY
			+ "where user_id = ? and closed_at is null order by last_active_at desc, session_id limit ?";

	private static final String OPEN_SESSIONS = """
			select session_id from ws_sessions where user_id = ? and closed_at is null
			""";

	private static final String CLOSE = """
			update ws_sessions set closed_at = clock_timestamp()
			where session_id = ? and closed_at is null
			returning last_event_id
			""";

	private static final String CREATE = """
			with async_commit as materialized (select set_config('synchronous_commit', 'off', true))
			insert into ws_sessions (session_id, user_id) select ?, ? from async_commit
			on conflict (session_id) do nothing
			""";

	private static final String RESUME = """
			select last_event_id, truncated_through, last_active_at < clock_timestamp() - interval '1 hour'
			from ws_sessions
			where session_id = ? and user_id = ? and closed_at is null
			""";

	private static final String TOUCH = """
			update ws_sessions set last_active_at = clock_timestamp()
			where session_id = ? and closed_at is null
			""";

	private final JdbcExecutor database;

	public SessionTable(JdbcExecutor database) {
		this.database = database;
	}

	public OpenedSession open(@Nullable UUID sessionId, UUID newSessionId, String userId, long lastEventId) {
		return this.database.execute((session) -> {
			if (sessionId == null) {
				return create(session, newSessionId, userId, null);
			}
			OpenedSession resumed = resume(session, sessionId, userId, lastEventId);
			return (resumed != null) ? resumed : create(session, newSessionId, userId, Reason.UNKNOWN_SESSION);
		});
	}

	public Optional<SessionSummary> find(UUID sessionId) {
		return this.database.execute(
				(session) -> session.list(FIND, (statement) -> statement.setObject(1, sessionId), SessionTable::summary)
					.stream()
					.findFirst());
	}

	public List<SessionSummary> list(String userId, int limit) {
		return this.database.execute((session) -> session.list(LIST, (statement) -> {
			statement.setString(1, userId);
			statement.setInt(2, limit);
		}, SessionTable::summary));
	}

	public List<UUID> openSessions(String userId) {
		return this.database.execute((session) -> session.list(OPEN_SESSIONS,
				(statement) -> statement.setString(1, userId), (row) -> row.getObject(1, UUID.class)));
	}

	/**
	 * Closes a session.
	 * @return its last event, or empty if it was not open
	 */
	public OptionalLong close(UUID sessionId) {
		return this.database.execute((session) -> session.query(CLOSE, (statement) -> statement.setObject(1, sessionId),
				(rows) -> rows.next() ? OptionalLong.of(rows.getLong(1)) : OptionalLong.empty()));
	}

	/**
	 * Does not wait until the row is on disk: the first event's commit does, and a client
	 * that returns after a crash to a session that never had one loses nothing. If the
	 * answer was lost, creating it again changes nothing.
	 */
	private OpenedSession create(JdbcSession session, UUID sessionId, String userId, @Nullable Reason reason)
			throws SQLException {
		session.update(CREATE, (statement) -> {
			statement.setObject(1, sessionId);
			statement.setString(2, userId);
		});
		return new OpenedSession(sessionId, false, reason, 0, 0, 1);
	}

	/**
	 * Looks for the session, and notes that it is in use, though not at each visit: that
	 * would be a commit each time, and the cleanup thinks in days.
	 */
	private @Nullable OpenedSession resume(JdbcSession session, UUID sessionId, String userId, long lastEventId)
			throws SQLException {
		List<Head> found = session.list(RESUME, (statement) -> {
			statement.setObject(1, sessionId);
			statement.setString(2, userId);
		}, (row) -> new Head(row.getLong(1), row.getLong(2), row.getBoolean(3)));
		Head head = found.isEmpty() ? null : found.get(0);
		if (head == null || head.stale() && !touch(session, sessionId)) {
			return null;
		}
		return resumed(sessionId, lastEventId, head.lastEventId(), head.truncatedThrough());
	}

	/**
	 * Notes that a session is in use.
	 * @return whether it is still there, as the cleanup looks for those that are not used
	 */
	private boolean touch(JdbcSession session, UUID sessionId) throws SQLException {
		return session.update(TOUCH, (statement) -> statement.setObject(1, sessionId)) > 0;
	}

	private static OpenedSession resumed(UUID sessionId, long cursor, long head, long truncatedThrough) {
		long earliest = truncatedThrough + 1;
		if (cursor > head) {
			return new OpenedSession(sessionId, false, Reason.AHEAD_OF_LOG, truncatedThrough, head, earliest);
		}
		if (cursor < truncatedThrough) {
			return new OpenedSession(sessionId, false, Reason.HISTORY_TRUNCATED, truncatedThrough, head, earliest);
		}
		return new OpenedSession(sessionId, true, null, cursor, head, earliest);
	}

	private static SessionSummary summary(ResultSet row) throws SQLException {
		return new SessionSummary(row.getObject("session_id", UUID.class), row.getString("user_id"),
				row.getLong("last_event_id"), row.getObject("created_at", OffsetDateTime.class).toInstant(),
				row.getObject("last_active_at", OffsetDateTime.class).toInstant(), row.getBoolean("closed"));
	}

	/**
	 * What is known of a session that is resumed.
	 *
	 * @param lastEventId its newest event
	 * @param truncatedThrough the newest event that was removed because of its age
	 * @param stale whether its last use was noted a while ago
	 */
	private record Head(long lastEventId, long truncatedThrough, boolean stale) {

	}

}
