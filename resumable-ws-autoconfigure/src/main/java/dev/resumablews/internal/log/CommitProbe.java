package dev.resumablews.internal.log;

import java.sql.SQLException;
import java.time.ZoneOffset;
import java.util.UUID;

import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.JdbcSession;

/**
 * Finds out whether a transaction was committed whose end was not heard. The event that
 * it stored is known by its id and time together. A transaction's id alone would not do,
 * since Postgres gives it to another transaction after a crash; it tells whether the
 * transaction still runs, without waiting for a lock that another one may hold by now.
 */
final class CommitProbe {

	private static final String FIND = """
			select exists (select from ws_events where session_id = ? and id = ? and created_at = ?) as stored,
				case when ?::xid8 < pg_current_xact_id() then pg_xact_status(?::xid8)
					else 'aborted' end as status
			""";

	private final JdbcExecutor database;

	CommitProbe(JdbcExecutor database) {
		this.database = database;
	}

	/**
	 * Looks for the event.
	 * @return what became of the transaction
	 */
	Answer ask(UUID sessionId, AppendResult appended, String transaction) throws SQLException {
		return this.database.inOwnTransaction((session) -> {
			Answer answer = find(session, sessionId, appended, transaction);
			if (answer != Answer.NOT_STORED) {
				return answer;
			}
			// it may have been committed between the snapshot and the look at its status
			session.commit();
			return find(session, sessionId, appended, transaction);
		});
	}

	private static Answer find(JdbcSession session, UUID sessionId, AppendResult appended, String transaction)
			throws SQLException {
		return session.query(FIND, (statement) -> {
			statement.setObject(1, sessionId);
			statement.setLong(2, appended.eventId());
			statement.setObject(3, appended.createdAt().atOffset(ZoneOffset.UTC));
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
	 * What became of a transaction.
	 */
	enum Answer {

		/**
		 * It was committed.
		 */
		STORED,

		/**
		 * It was rolled back.
		 */
		NOT_STORED,

		/**
		 * It has not ended.
		 */
		IN_PROGRESS

	}

}
