package dev.resumablews.internal.publish;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

import javax.sql.DataSource;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.JdbcSession;
import dev.resumablews.internal.jdbc.SqlStates;
import dev.resumablews.internal.log.AppendOutcome;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.log.AppendStatement;
import dev.resumablews.internal.log.AppendStatement.Locking;
import dev.resumablews.internal.log.EmptySessions;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.TransactionState;

import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.jdbc.support.SQLErrorCodeSQLExceptionTranslator;
import org.springframework.jdbc.support.SQLExceptionTranslator;
import org.springframework.transaction.TransactionTimedOutException;

/**
 * Executes operations in a transaction of the application or of the library. First locks
 * the rows of all affected sessions in the order of their ids, which prevents deadlocks
 * between transactions and batches. Safe for use by many threads.
 */
final class TransactionalStore {

	private static final int MAX_BATCH_CHARACTERS = 4 * 1024 * 1024;

	/**
	 * Time after which Postgres releases the locks of a transaction that is about to
	 * commit but sends no statement, because its node may be frozen or dead.
	 */
	private static final int IDLE_TIMEOUT_MILLIS = 5000;

	private static final String LOCK = """
			with present as (
				select (extract(epoch from current_setting('lock_timeout')::interval) * 1000)::bigint as lock_timeout,
					(extract(epoch from current_setting('idle_in_transaction_session_timeout')::interval)
						* 1000)::bigint as idle_timeout
			), bounds as materialized (
				select set_config('lock_timeout', least(?::bigint, nullif(lock_timeout, 0))::text, true),
					set_config('idle_in_transaction_session_timeout',
						least(?::bigint, nullif(idle_timeout, 0))::text, true)
				from present
			)
			select session_id
			from ws_sessions
			where session_id = any (?::uuid[]) and (select count(*) from bounds) > 0
			order by session_id
			for no key update
			""";

	private static final String CLOSE = """
			update ws_sessions set closed_at = clock_timestamp()
			where session_id = any (?::uuid[]) and closed_at is null
			returning session_id, last_event_id
			""";

	private final JdbcExecutor database;

	private final AppendStatement statement;

	private final SessionFeeds feeds;

	private final int maxBatch;

	private final long lockTimeoutMillis;

	/**
	 * Creates the store.
	 * @param maxBatch maximum number of events per statement
	 * @param lockTimeout maximum wait for the row of a session
	 */
	TransactionalStore(JdbcExecutor database, AppendStatement statement, SessionFeeds feeds, int maxBatch,
			Duration lockTimeout) {
		this.database = database;
		this.statement = statement;
		this.feeds = feeds;
		this.maxBatch = maxBatch;
		// zero would disable the timeout
		this.lockTimeoutMillis = Math.max(1, lockTimeout.toMillis());
	}

	/**
	 * Executes operations in the current transaction and within its timeout.
	 * @param dataSource the key of the transaction's connection
	 * @param operations the operations; none of them stores an event in a session that an
	 * earlier one closes
	 * @param stored receives the changes
	 * @throws UnknownSessionException if an event is required and its session is not open
	 * @throws ConcurrencyFailureException if another transaction conflicted; a retry of
	 * the transaction may succeed
	 * @throws QueryTimeoutException if the transaction has timed out
	 * @throws EventLogUnavailableException if Postgres failed
	 */
	void execute(DataSource dataSource, List<Operation> operations, StoredOperations stored) {
		// applies the transaction's timeout to the statements
		try (Connection connection = new TransactionAwareDataSourceProxy(dataSource).getConnection()) {
			JdbcSession session = this.database.join(connection);
			Set<UUID> missing = lock(session, operations, this.lockTimeoutMillis);
			if (!missing.isEmpty()) {
				EmptySessions.move(session, missing);
			}
			appendAll(session, operations, Locking.WAIT, stored);
			close(session, operations, stored);
		}
		catch (SQLException ex) {
			throw translate(ex);
		}
		catch (TransactionTimedOutException ex) {
			// Spring would treat it as a failure of the commit itself, and not roll back
			throw new QueryTimeoutException(String.valueOf(ex.getMessage()), ex);
		}
	}

	/**
	 * Executes operations in a transaction of the library. Waits only for the rows of the
	 * sessions, in the order of their ids.
	 * @param session the connection
	 * @param operations the operations; none of them stores an event in a session that an
	 * earlier one closes
	 * @param lockTimeout maximum wait for the row of a session
	 * @param stored receives the changes
	 * @throws SQLException if a statement failed or another transaction has locked one of
	 * the sessions; the transaction must be rolled back
	 */
	void execute(JdbcSession session, List<Operation> operations, Duration lockTimeout, StoredOperations stored)
			throws SQLException {
		Set<UUID> missing = lock(session, operations, Math.max(1, lockTimeout.toMillis()));
		if (!missing.isEmpty() && !EmptySessions.moveUnlocked(session, missing).isEmpty()) {
			throw SqlStates.locked("A session is getting its first event");
		}
		appendAll(session, operations, Locking.SKIP_AND_REPORT, stored);
		close(session, operations, stored);
	}

	/**
	 * Commits operations executed after the commit. They begin another transaction if the
	 * pool disables auto-commit. Hibernate calls its listeners before Spring processes
	 * the commit.
	 */
	void commitRest(DataSource dataSource) {
		Connection connection = DataSourceUtils.getConnection(dataSource);
		try {
			if (!connection.getAutoCommit() && connection.isWrapperFor(BaseConnection.class)
					&& connection.unwrap(BaseConnection.class).getTransactionState() != TransactionState.IDLE) {
				connection.commit();
			}
		}
		catch (SQLException ex) {
			throw translate(ex);
		}
		finally {
			DataSourceUtils.releaseConnection(connection, dataSource);
		}
	}

	/**
	 * Delivers committed changes to the clients of this node.
	 */
	void deliver(StoredOperations stored) {
		this.feeds.committed(stored.events());
		stored.closed().forEach(this.feeds::closed);
	}

	/**
	 * Locks the sessions' rows. Keeps shorter timeouts set by the application.
	 * @return the sessions without a row
	 */
	private static Set<UUID> lock(JdbcSession session, List<Operation> operations, long timeoutMillis)
			throws SQLException {
		Set<UUID> missing = operations.stream()
			.map(Operation::sessionId)
			.collect(Collectors.toCollection(HashSet::new));
		List<UUID> locked = session.list(LOCK, (statement) -> {
			statement.setLong(1, timeoutMillis);
			statement.setLong(2, IDLE_TIMEOUT_MILLIS);
			statement.setArray(3, statement.getConnection().createArrayOf("uuid", missing.toArray()));
		}, (row) -> row.getObject(1, UUID.class));
		locked.forEach(missing::remove);
		return missing;
	}

	private void appendAll(JdbcSession session, List<Operation> operations, Locking locking, StoredOperations stored)
			throws SQLException {
		List<Operation.Append> batch = new ArrayList<>();
		long characters = 0;
		for (Operation operation : operations) {
			if (operation instanceof Operation.Append append) {
				int length = append.append().stored().length();
				if (batch.size() == this.maxBatch || !batch.isEmpty() && characters + length > MAX_BATCH_CHARACTERS) {
					append(session, batch, locking, stored);
					batch.clear();
					characters = 0;
				}
				batch.add(append);
				characters += length;
			}
		}
		append(session, batch, locking, stored);
	}

	private void append(JdbcSession session, List<Operation.Append> batch, Locking locking, StoredOperations stored)
			throws SQLException {
		if (batch.isEmpty()) {
			return;
		}
		AppendOutcome outcome = this.statement.execute(session, batch.stream().map(Operation.Append::append).toList(),
				locking);
		if (!outcome.busy().isEmpty()) {
			throw SqlStates.locked("A session is locked");
		}
		stored.transaction(outcome.transaction());
		for (int i = 0; i < batch.size(); i++) {
			Operation.Append operation = batch.get(i);
			AppendResult result = outcome.results().get(i);
			if (result != null) {
				stored.addEvent(operation.append().toFeedEntry(result));
			}
			else if (operation.required()) {
				throw new UnknownSessionException(operation.sessionId());
			}
		}
	}

	private static void close(JdbcSession session, List<Operation> operations, StoredOperations stored)
			throws SQLException {
		Object[] sessions = operations.stream()
			.filter(Operation.Close.class::isInstance)
			.map(Operation::sessionId)
			.toArray();
		if (sessions.length > 0) {
			session.query(CLOSE,
					(statement) -> statement.setArray(1, statement.getConnection().createArrayOf("uuid", sessions)),
					(rows) -> {
						while (rows.next()) {
							stored.addClosed(rows.getObject(1, UUID.class), rows.getLong(2));
						}
						return stored;
					});
		}
	}

	private static RuntimeException translate(SQLException ex) {
		DataAccessException translated = Translator.INSTANCE.translate("Publish within a transaction", null, ex);
		if (translated instanceof ConcurrencyFailureException || translated instanceof QueryTimeoutException) {
			return translated;
		}
		String message = "Failed to store the events of the transaction: " + ex.getMessage();
		return SqlStates.isRejectedData(ex) ? new IllegalArgumentException(message, ex)
				: new EventLogUnavailableException(message, ex);
	}

	/**
	 * Initialized lazily, because it parses an XML file, which would delay the start of
	 * the application.
	 */
	private static final class Translator {

		static final SQLExceptionTranslator INSTANCE = new SQLErrorCodeSQLExceptionTranslator("PostgreSQL");

		private Translator() {
		}

	}

}
