package dev.resumablews.internal.log;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

import dev.resumablews.SessionSummary;
import dev.resumablews.internal.jdbc.JdbcExecutor;
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

	private final JdbcExecutor database;

	public SessionTable(JdbcExecutor database) {
		this.database = database;
	}

	public OpenedSession open(@Nullable UUID sessionId, UUID newSessionId, String userId, long lastEventId) {
		return this.database.call((connection) -> {
			if (sessionId == null) {
				return create(connection, newSessionId, userId, null);
			}
			OpenedSession resumed = resume(connection, sessionId, userId, lastEventId);
			return (resumed != null) ? resumed : create(connection, newSessionId, userId, Reason.UNKNOWN_SESSION);
		});
	}

	public Optional<SessionSummary> find(UUID sessionId) {
		return this.database.call((connection) -> {
			String sql = this.database.sql(SUMMARY + "where session_id = ?");
			try (PreparedStatement statement = connection.prepareStatement(sql)) {
				statement.setObject(1, sessionId);
				return summaries(statement).stream().findFirst();
			}
		});
	}

	public List<SessionSummary> list(String userId, int limit) {
		return this.database.call((connection) -> {
			String sql = this.database.sql(SUMMARY
					+ "where user_id = ? and closed_at is null order by last_active_at desc, session_id limit ?");
			try (PreparedStatement statement = connection.prepareStatement(sql)) {
				statement.setString(1, userId);
				statement.setInt(2, limit);
				return summaries(statement);
			}
		});
	}

	public List<UUID> openSessions(String userId) {
		return this.database.call((connection) -> {
			String sql = this.database
				.sql("select session_id from ws_sessions where user_id = ? and closed_at is null");
			try (PreparedStatement statement = connection.prepareStatement(sql)) {
				statement.setString(1, userId);
				List<UUID> sessions = new ArrayList<>();
				try (ResultSet rows = statement.executeQuery()) {
					while (rows.next()) {
						sessions.add(rows.getObject(1, UUID.class));
					}
				}
				return sessions;
			}
		});
	}

	/**
	 * Closes a session.
	 * @return its last event, or empty if it was not open
	 */
	public OptionalLong close(UUID sessionId) {
		return this.database.call((connection) -> {
			String sql = this.database.sql("""
					update ws_sessions set closed_at = clock_timestamp()
					where session_id = ? and closed_at is null
					returning last_event_id
					""");
			try (PreparedStatement statement = connection.prepareStatement(sql)) {
				statement.setObject(1, sessionId);
				try (ResultSet rows = statement.executeQuery()) {
					return rows.next() ? OptionalLong.of(rows.getLong(1)) : OptionalLong.empty();
				}
			}
		});
	}

	/**
	 * Does not wait until the row is on disk: the first event's commit does, and whoever
	 * comes back after a crash to a session that never had one loses nothing.
	 */
	private OpenedSession create(Connection connection, UUID sessionId, String userId, @Nullable Reason reason)
			throws SQLException {
		String sql = this.database.sql("""
				with unhurried as materialized (select set_config('synchronous_commit', 'off', true))
				insert into ws_sessions (session_id, user_id) select ?, ? from unhurried
				""");
		try (PreparedStatement statement = connection.prepareStatement(sql)) {
			statement.setObject(1, sessionId);
			statement.setString(2, userId);
			statement.executeUpdate();
		}
		return new OpenedSession(sessionId, false, reason, 0, 0, 1);
	}

	/**
	 * Looks for the session, and notes that it is in use, though not at each visit: that
	 * would be a commit each time, and the cleanup thinks in days.
	 */
	private @Nullable OpenedSession resume(Connection connection, UUID sessionId, String userId, long lastEventId)
			throws SQLException {
		String sql = this.database.sql("""
				select last_event_id, truncated_through, last_active_at < clock_timestamp() - interval '1 hour'
				from ws_sessions
				where session_id = ? and user_id = ? and closed_at is null
				""");
		try (PreparedStatement statement = connection.prepareStatement(sql)) {
			statement.setObject(1, sessionId);
			statement.setString(2, userId);
			try (ResultSet rows = statement.executeQuery()) {
				if (!rows.next() || rows.getBoolean(3) && !touch(connection, sessionId)) {
					return null;
				}
				return resumed(sessionId, lastEventId, rows.getLong(1), rows.getLong(2));
			}
		}
	}

	/**
	 * Notes that a session is in use.
	 * @return whether it is still there, as the cleanup looks for those that are not used
	 */
	private boolean touch(Connection connection, UUID sessionId) throws SQLException {
		String sql = this.database.sql("""
				update ws_sessions set last_active_at = clock_timestamp()
				where session_id = ? and closed_at is null
				""");
		try (PreparedStatement statement = connection.prepareStatement(sql)) {
			statement.setObject(1, sessionId);
			return statement.executeUpdate() > 0;
		}
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

	private static List<SessionSummary> summaries(PreparedStatement statement) throws SQLException {
		List<SessionSummary> summaries = new ArrayList<>();
		try (ResultSet rows = statement.executeQuery()) {
			while (rows.next()) {
				summaries.add(new SessionSummary(rows.getObject("session_id", UUID.class), rows.getString("user_id"),
						rows.getLong("last_event_id"), rows.getObject("created_at", OffsetDateTime.class).toInstant(),
						rows.getObject("last_active_at", OffsetDateTime.class).toInstant(), rows.getBoolean("closed")));
			}
		}
		return summaries;
	}

}
