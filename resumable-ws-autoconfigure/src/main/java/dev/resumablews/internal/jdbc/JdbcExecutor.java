package dev.resumablews.internal.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

import javax.sql.DataSource;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.schema.SchemaName;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.jdbc.CannotGetJdbcConnectionException;
import org.springframework.jdbc.datasource.DataSourceUtils;

/**
 * Runs the library's statements, each bounded on the client and on the server; see
 * {@link JdbcSession}. Connections come from the library's own pool, or from that of the
 * application if there is no other. What writes the log, keeps leases and signals has
 * connections that nothing else can take: see {@link #reserved()}. Safe for use by many
 * threads.
 */
public final class JdbcExecutor {

	private static final Log logger = LogFactory.getLog(JdbcExecutor.class);

	private static final Executor SAME_THREAD = Runnable::run;

	private final DataSource applications;

	private final DataSource own;

	private final JdbcSettings settings;

	/**
	 * Bounds the connections that are in use at the same time; null for what has its
	 * connections reserved.
	 */
	private final @Nullable Semaphore permits;

	/**
	 * Creates an executor that uses the application's pool.
	 * @param applications the application's pool
	 * @param schema the schema of the tables
	 * @param statementTimeout how long to wait for the answer to a statement
	 */
	public JdbcExecutor(DataSource applications, SchemaName schema, Duration statementTimeout) {
		this(applications, applications, schema, statementTimeout, Integer.MAX_VALUE, "");
	}

	/**
	 * Creates an executor.
	 * @param applications the application's pool, whose transactions it takes part in
	 * @param own the pool for everything else
	 * @param schema the schema of the tables
	 * @param statementTimeout how long to wait for the answer to a statement
	 * @param unreserved how many connections those may use together that have none
	 * reserved
	 * @param operatorEpoch what the operator adds to the epoch; without a quote
	 */
	public JdbcExecutor(DataSource applications, DataSource own, SchemaName schema, Duration statementTimeout,
			int unreserved, String operatorEpoch) {
		this(applications, own, new JdbcSettings(schema, statementTimeout, operatorEpoch),
				new Semaphore(unreserved, true));
	}

	private JdbcExecutor(DataSource applications, DataSource own, JdbcSettings settings, @Nullable Semaphore permits) {
		this.applications = applications;
		this.own = TransactionalDataSource.withoutTransactions(own);
		this.settings = settings;
		this.permits = permits;
	}

	/**
	 * Returns an executor for those that must not wait for others: at most one thread of
	 * each of the log's writers, of the leases, of the sender and the reader of signals,
	 * and of the reader of remote events.
	 * @return an executor on the same pool
	 */
	public JdbcExecutor reserved() {
		return new JdbcExecutor(this.applications, this.own, this.settings, null);
	}

	/**
	 * Returns the application's pool.
	 * @return the pool whose transactions are joined
	 */
	public DataSource dataSource() {
		return this.applications;
	}

	/**
	 * Qualifies the names of tables and functions.
	 * @param statement a statement with their plain names
	 * @return the statement for this schema
	 */
	public String sql(String statement) {
		return this.settings.sql(statement);
	}

	/**
	 * Runs work in a transaction of the library's, on a connection that no transaction of
	 * the application uses. The work has to commit; whatever happens to the connection
	 * after that does not change the result.
	 * @param work the work
	 * @param <T> its result
	 * @return the work's result
	 * @throws SQLException if a statement failed, or no connection could be had
	 */
	public <T extends @Nullable Object> T inOwnTransaction(Work<T> work) throws SQLException {
		return withOwnConnection(false, (connection) -> work.run(session(connection, true, false)));
	}

	/**
	 * Runs work in the application's current transaction, or without one if there is
	 * none: each statement is a transaction then.
	 * @param work the work
	 * @param <T> its result
	 * @return the work's result
	 * @throws EventLogUnavailableException if a statement failed, or no connection could
	 * be had
	 */
	public <T extends @Nullable Object> T execute(Work<T> work) {
		try {
			DataSource bound = TransactionalDataSource.bound(this.applications);
			if (bound == null) {
				return withOwnConnection(true, (connection) -> work.run(session(connection, true, true)));
			}
			Connection connection = DataSourceUtils.getConnection(bound);
			try {
				return work.run(session(connection, false, false));
			}
			catch (SQLException ex) {
				evictAfterTransaction(connection, ex);
				throw ex;
			}
			finally {
				DataSourceUtils.releaseConnection(connection, bound);
			}
		}
		catch (SQLException ex) {
			throw SqlStates.unavailable(ex);
		}
		catch (CannotGetJdbcConnectionException ex) {
			throw new EventLogUnavailableException("Postgres cannot be reached: " + ex.getMessage(), ex);
		}
	}

	/**
	 * Returns a session on the connection of an application's transaction.
	 * @param connection the connection
	 * @return the session
	 */
	public JdbcSession join(Connection connection) {
		return session(connection, false, false);
	}

	private JdbcSession session(Connection connection, boolean owned, boolean autoCommit) {
		return new JdbcSession(connection, this.settings, owned, autoCommit);
	}

	private <T extends @Nullable Object> T withOwnConnection(boolean autoCommit, ConnectionWork<T> work)
			throws SQLException {
		if (this.permits == null) {
			return withConnection(autoCommit, work);
		}
		acquire(this.permits);
		try {
			return withConnection(autoCommit, work);
		}
		finally {
			this.permits.release();
		}
	}

	private void acquire(Semaphore permits) throws SQLException {
		try {
			if (!permits.tryAcquire(this.settings.lockTimeout().toNanos(), TimeUnit.NANOSECONDS)) {
				throw new SQLException("All connections of the pool of resumable-ws are in use",
						SqlStates.NO_CONNECTION);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new SQLException("Interrupted while waiting for a connection", SqlStates.NO_CONNECTION, ex);
		}
	}

	/**
	 * Leaves the connection as it was found: not every pool restores what was set.
	 */
	private <T extends @Nullable Object> T withConnection(boolean autoCommit, ConnectionWork<T> work)
			throws SQLException {
		Connection connection = this.own.getConnection();
		try {
			int timeoutBefore = connection.getNetworkTimeout();
			boolean autoCommitBefore = connection.getAutoCommit();
			try {
				connection.setNetworkTimeout(SAME_THREAD, this.settings.networkTimeoutMillis());
				connection.setAutoCommit(autoCommit);
				return work.with(connection);
			}
			catch (SQLException ex) {
				if (SqlStates.isReadOnly(ex)) {
					ConnectionEviction.evict(this.own, connection);
				}
				warnOfPooler(ex);
				throw ex;
			}
			finally {
				restore(connection, autoCommitBefore, timeoutBefore);
			}
		}
		finally {
			close(connection);
		}
	}

	/**
	 * Each part of the library fails in its own way then, and none of them says why.
	 */
	private void warnOfPooler(SQLException cause) {
		if (SqlStates.isMixedUp(cause) && this.settings.isFirstMixUp()) {
			logger
				.warn("The connections to Postgres lead through a pooler in transaction mode, such as PgBouncer, which "
						+ "mixes up prepared statements (" + cause.getMessage()
						+ "). Add prepareThreshold=0 to the JDBC URL, " + "or let the pooler keep prepared statements");
		}
	}

	/**
	 * The application's pool may not know that the connection is of no use any more.
	 */
	private void evictAfterTransaction(Connection connection, SQLException cause) {
		if (SqlStates.isReadOnly(cause)) {
			ConnectionEviction.evictAfterTransaction(this.applications, connection);
		}
	}

	private static void restore(Connection connection, boolean autoCommit, int timeoutMillis) {
		try {
			if (!connection.getAutoCommit()) {
				connection.rollback();
			}
			connection.setAutoCommit(autoCommit);
			connection.setNetworkTimeout(SAME_THREAD, timeoutMillis);
		}
		catch (SQLException ex) {
			logger.debug("A connection could not be left as it was found", ex);
		}
	}

	private static void close(Connection connection) {
		try {
			connection.close();
		}
		catch (SQLException ex) {
			logger.debug("A connection could not be closed", ex);
		}
	}

	/**
	 * Statements to run.
	 *
	 * @param <T> their result
	 */
	@FunctionalInterface
	public interface Work<T extends @Nullable Object> {

		/**
		 * Runs them.
		 * @param session the connection to run them on
		 * @return the result
		 * @throws SQLException if one of them failed
		 */
		T run(JdbcSession session) throws SQLException;

	}

	@FunctionalInterface
	private interface ConnectionWork<T extends @Nullable Object> {

		T with(Connection connection) throws SQLException;

	}

}
