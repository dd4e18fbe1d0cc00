package dev.resumablews.internal.log;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

import dev.resumablews.SessionSummary;
import dev.resumablews.internal.budget.BudgetExceededException;
import dev.resumablews.internal.epoch.Forks;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.JdbcSession;
import dev.resumablews.internal.jdbc.SqlStates;
import dev.resumablews.internal.log.OpenedSession.Reason;
import org.jspecify.annotations.Nullable;

/**
 * The sessions in Postgres. Safe for use by many threads.
 */
public final class SessionTable {

	/**
	 * Maximum number of a user's sessions, including closed ones, whose sizes are added
	 * up.
	 */
	private static final int MAX_SESSIONS = 100_000;

	private static final String SUMMARY = """
			select session_id, user_id, last_event_id, created_at, last_active_at, closed_at is not null as closed
			from ws_sessions
			""";

	private static final String FIND = SUMMARY + """
			where session_id = ?
			union all
			select session_id, user_id, 0, created_at, used_at, false
			from ws_empty_sessions
			where session_id = ?
			""";

	private static final String LIST = SUMMARY
			+ "where user_id = ? and closed_at is null order by last_active_at desc, session_id limit ?";

	/**
	 * Keys of messages that were handled but not stored have no event.
	 */
	private static final String STORED_AS = """
			select k.event_id
			from ws_idempotency_keys k
			join ws_sessions s on s.session_id = k.session_id
			where k.session_id = ? and k.idempotency_key = ? and s.user_id = ? and k.event_id is not null
			""";

	private static final String STORED_BYTES = """
			select coalesce(sum(stored_bytes), 0)::bigint
			from (select stored_bytes from ws_sessions where user_id = ? limit %d) s
			""".formatted(MAX_SESSIONS);

	private static final String CLOSE = """
			update ws_sessions set closed_at = clock_timestamp()
			where session_id = ? and closed_at is null
			returning last_event_id
			""";

	/**
	 * One statement, because the first event may move the session between the tables at
	 * any time.
	 */
	private static final String RESUME = """
			select last_event_id, truncated_through, last_active_at < clock_timestamp() - interval '1 hour',
				ws_forks(forks, ws_epoch(), last_event_id + 1)
			from ws_sessions
			where session_id = ? and user_id = ? and closed_at is null
			union all
			select 0, 0, false, ws_forks('', ws_epoch(), 1)
			from ws_empty_sessions
			where session_id = ? and user_id = ?
			""";

	/**
	 * The only sign that an attempt at a reply has ended may be the start of the next
	 * attempt.
	 */
	private static final String REPLIES_RUNNING = """
			with ended as materialized (
				select message_id
				from ws_events
				where session_id = ? and id <= ? and type in ('assistant_message', 'assistant_failed')
			)
			select min(s.id) - 1
			from (
				select id, message_id, lead(id) over (partition by payload->>'in_reply_to' order by id) as next_attempt
				from ws_events
				where session_id = ? and id <= ? and type = 'assistant_started'
			) s
			where s.next_attempt is null and not exists (select from ended e where e.message_id = s.message_id)
			""";

	private static final String TOUCH = """
			update ws_sessions set last_active_at = clock_timestamp()
			where session_id = ? and closed_at is null
			""";

	private final JdbcExecutor database;

	private final int maxPerUser;

	/**
	 * Creates the table.
	 * @param maxPerUser maximum number of open sessions of a user; 0 for no limit
	 */
	public SessionTable(JdbcExecutor database, int maxPerUser) {
		this.database = database;
		this.maxPerUser = maxPerUser;
	}

	/**
	 * Opens a session, or creates a new one if it does not exist.
	 * @param theirs the history that the client has processed; null if the client did not
	 * send it
	 * @throws BudgetExceededException if the session does not exist and the user has
	 * reached the limit of open sessions
	 */
	public OpenedSession open(@Nullable UUID sessionId, UUID newSessionId, String userId, long lastEventId,
			@Nullable Forks theirs) {
		return this.database.execute((session) -> {
			if (sessionId == null) {
				return create(session, newSessionId, userId, null, null);
			}
			OpenedSession resumed = resume(session, sessionId, userId, lastEventId, theirs);
			return (resumed != null) ? resumed : create(session, newSessionId, userId, Reason.UNKNOWN_SESSION, theirs);
		});
	}

	public Optional<SessionSummary> find(UUID sessionId) {
		return this.database.execute((session) -> session.list(FIND, (statement) -> {
			statement.setObject(1, sessionId);
			statement.setObject(2, sessionId);
		}, SessionTable::summary).stream().findFirst());
	}

	/**
	 * Returns a user's open sessions that have events.
	 */
	public List<SessionSummary> list(String userId, int limit) {
		return this.database.execute((session) -> session.list(LIST, (statement) -> {
			statement.setString(1, userId);
			statement.setInt(2, limit);
		}, SessionTable::summary));
	}

	/**
	 * Returns the total size of the events in all existing sessions of a user.
	 */
	public long storedBytes(String userId) {
		return this.database.execute((session) -> session
			.list(STORED_BYTES, (statement) -> statement.setString(1, userId), (row) -> row.getLong(1))
			.get(0));
	}

	/**
	 * Finds the event of a client's message.
	 * @return the event's id; empty if the user has no such message
	 */
	public OptionalLong storedAs(UUID sessionId, String userId, UUID idempotencyKey) {
		return this.database.execute((session) -> session.query(STORED_AS, (statement) -> {
			statement.setObject(1, sessionId);
			statement.setObject(2, idempotencyKey);
			statement.setString(3, userId);
		}, (rows) -> rows.next() ? OptionalLong.of(rows.getLong(1)) : OptionalLong.empty()));
	}

	/**
	 * Closes a session in a separate transaction, independent of the caller's
	 * transaction.
	 * @return the id of its last event; empty if it was not open
	 */
	public OptionalLong close(UUID sessionId) {
		try {
			return this.database.inOwnTransaction((session) -> {
				OptionalLong last = close(session, sessionId);
				if (last.isEmpty()) {
					EmptySessions.move(session, List.of(sessionId));
					last = close(session, sessionId);
				}
				session.commit();
				return last;
			});
		}
		catch (SQLException ex) {
			throw SqlStates.unavailable(ex);
		}
	}

	private static OptionalLong close(JdbcSession session, UUID sessionId) throws SQLException {
		return session.query(CLOSE, (statement) -> statement.setObject(1, sessionId),
				(rows) -> rows.next() ? OptionalLong.of(rows.getLong(1)) : OptionalLong.empty());
	}

	private OpenedSession create(JdbcSession session, UUID sessionId, String userId, @Nullable Reason reason,
			@Nullable Forks theirs) throws SQLException {
		Forks forks = (this.maxPerUser > 0) ? EmptySessions.create(session, sessionId, userId, this.maxPerUser)
				: EmptySessions.create(session, sessionId, userId);
		// a failover may have lost the session that the client requested
		boolean lost = theirs != null && !theirs.epoch().equals(forks.epoch());
		return new OpenedSession(sessionId, false, reason, 0, 0, 1, forks, lost ? 0L : null);
	}

	/**
	 * Finds the session and updates its last use if that is stale. Updating it on every
	 * visit would cost a commit each time, and the cleanup needs a precision of days
	 * only.
	 */
	private @Nullable OpenedSession resume(JdbcSession session, UUID sessionId, String userId, long lastEventId,
			@Nullable Forks theirs) throws SQLException {
		List<Head> found = session.list(RESUME, (statement) -> {
			statement.setObject(1, sessionId);
			statement.setString(2, userId);
			statement.setObject(3, sessionId);
			statement.setString(4, userId);
		}, (row) -> new Head(row.getLong(1), row.getLong(2), row.getBoolean(3), new Forks(row.getString(4))));
		Head head = found.isEmpty() ? null : found.get(0);
		if (head == null || head.stale() && !touch(session, sessionId)) {
			return null;
		}
		OpenedSession resumed = resumed(sessionId, lastEventId, theirs, head);
		return (resumed.reason() == Reason.HISTORY_DIVERGED) ? withoutPartsOfReplies(session, resumed) : resumed;
	}

	/**
	 * Moves the cursor back before the replies that are running at the end of the shared
	 * history. The client may have seen them end, and then has not received all of their
	 * deltas.
	 */
	private static OpenedSession withoutPartsOfReplies(JdbcSession session, OpenedSession diverged)
			throws SQLException {
		return session.query(REPLIES_RUNNING, (statement) -> {
			statement.setObject(1, diverged.sessionId());
			statement.setLong(2, diverged.cursor());
			statement.setObject(3, diverged.sessionId());
			statement.setLong(4, diverged.cursor());
		}, (rows) -> {
			rows.next();
			long rewindTo = rows.getLong(1);
			return rows.wasNull() ? diverged : diverged.rewoundTo(rewindTo);
		});
	}

	/**
	 * Updates the last use of a session.
	 * @return whether it still exists, because the cleanup removes unused sessions
	 */
	private boolean touch(JdbcSession session, UUID sessionId) throws SQLException {
		return session.update(TOUCH, (statement) -> statement.setObject(1, sessionId)) > 0;
	}

	/**
	 * Determines where the client can resume. A history sent by the client is shared with
	 * the log up to the first fork that only one of them has, and at most up to the
	 * newest event of the log.
	 */
	private static OpenedSession resumed(UUID sessionId, long cursor, @Nullable Forks theirs, Head found) {
		long head = found.lastEventId();
		long oldest = found.truncatedThrough();
		long shared = (theirs != null) ? Math.min(head, theirs.sharedWith(found.forks())) : head;
		boolean same = theirs == null || theirs.equals(found.forks()) && cursor <= head;
		Long rewindTo = same ? null : Long.valueOf(shared);
		if (theirs == null && cursor > head) {
			return new OpenedSession(sessionId, false, Reason.AHEAD_OF_LOG, oldest, head, oldest + 1, found.forks(),
					null);
		}
		if (Math.min(cursor, shared) < oldest) {
			return new OpenedSession(sessionId, false, Reason.HISTORY_TRUNCATED, oldest, head, oldest + 1,
					found.forks(), rewindTo);
		}
		boolean diverged = cursor > shared;
		return new OpenedSession(sessionId, !diverged, diverged ? Reason.HISTORY_DIVERGED : null,
				Math.min(cursor, shared), head, oldest + 1, found.forks(), rewindTo);
	}

	private static SessionSummary summary(ResultSet row) throws SQLException {
		return new SessionSummary(row.getObject("session_id", UUID.class), row.getString("user_id"),
				row.getLong("last_event_id"), row.getObject("created_at", OffsetDateTime.class).toInstant(),
				row.getObject("last_active_at", OffsetDateTime.class).toInstant(), row.getBoolean("closed"));
	}

	/**
	 * The state of a session that is resumed.
	 *
	 * @param lastEventId its newest event
	 * @param truncatedThrough the newest expired event
	 * @param stale whether its last use was recorded a while ago
	 * @param forks the history of its log
	 */
	private record Head(long lastEventId, long truncatedThrough, boolean stale, Forks forks) {

	}

}
