package dev.resumablews.internal.log;

import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.UUID;

import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.JdbcSession;

/**
 * Determines whether a transaction was committed after the response to its commit was
 * lost. The stored event is identified by its id and time. The transaction id alone is
 * not sufficient, because Postgres assigns it again after a crash; it shows whether the
 * transaction is still running, without waiting for a lock that another transaction may
 * hold by now.
 */
public final class CommitProbe {

	private static final String FIND = """
			select exists (select from ws_events where session_id = ? and id = ? and created_at = ?) as stored,
				case when ?::xid8 < pg_current_xact_id() then pg_xact_status(?::xid8)
					else 'aborted' end as status
			""";

	private final JdbcExecutor database;

	/**
	 * Creates a probe.
	 * @param database runs the statements
	 */
	public CommitProbe(JdbcExecutor database) {
		this.database = database;
	}

	/**
	 * Looks for an event of the transaction.
	 * @param sessionId the event's session
	 * @param eventId its id
	 * @param createdAt its time
	 * @param transaction the Postgres id of the transaction
	 * @return the state of the transaction
	 * @throws SQLException if Postgres does not answer
	 */
	public Answer ask(UUID sessionId, long eventId, Instant createdAt, String transaction) throws SQLException {
		return this.database.inOwnTransaction((session) -> {
			Answer answer = find(session, sessionId, eventId, createdAt, transaction);
			if (answer != Answer.NOT_STORED) {
				return answer;
			}
			// the transaction may have been committed between the snapshot and the status
			// check
			session.commit();
			return find(session, sessionId, eventId, createdAt, transaction);
		});
	}

	private static Answer find(JdbcSession session, UUID sessionId, long eventId, Instant createdAt, String transaction)
			throws SQLException {
		return session.query(FIND, (statement) -> {
			statement.setObject(1, sessionId);
			statement.setLong(2, eventId);
			statement.setObject(3, createdAt.atOffset(ZoneOffset.UTC));
			statement.setString(4, transaction);
			statement.setString(5, transaction);
		}, (rows) -> {
			rows.next();
			if (rows.getBoolean("stored")) {
				return Answer.STORED;
			}
			return "in progress".equals(rows.getString("status")) ? Answer.IN_PROGRESS : Answer.NOT_STORED;
		});
	}

	/**
	 * The state of a transaction.
	 */
	public enum Answer {

		/**
		 * The transaction was committed.
		 */
		STORED,

		/**
		 * The transaction was rolled back.
		 */
		NOT_STORED,

		/**
		 * The transaction is still running.
		 */
		IN_PROGRESS

	}

}
