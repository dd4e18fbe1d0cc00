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
 * Runs the library's statements, each with a time limit on the client and on the server;
 * see {@link JdbcSession}. Connections come from the library's own pool, or from the
 * application's pool if there is no other. The log's writers, the leases and the signals
 * have {@linkplain #reserved() reserved} connections. Safe for use by many threads.
 */
public final class JdbcExecutor {

	private static final Log logger = LogFactory.getLog(JdbcExecutor.class);

	private static final Executor SAME_THREAD = Runnable::run;

	private final DataSource applications;

	private final DataSource own;

	private final JdbcSettings settings;

	/**
	 * Limits the number of connections in use; null if the connections are reserved.
	 */
	private final @Nullable Semaphore permits;

	/**
	 * Creates an executor that uses the application's pool.
	 * @param applications the application's pool
	 * @param schema the schema of the tables
	 * @param statementTimeout time limit for the response to a statement
	 */
	public JdbcExecutor(DataSource applications, SchemaName schema, Duration statementTimeout) {
		this(applications, applications, schema, statementTimeout, Integer.MAX_VALUE, "");
	}

	/**
	 * Creates an executor.
	 * @param applications the application's pool, whose transactions are joined
	 * @param own the pool for all other statements
	 * @param schema the schema of the tables
	 * @param statementTimeout time limit for the response to a statement
	 * @param unreserved maximum number of connections that are not reserved
	 * @param operatorEpoch the operator's part of the epoch; must not contain a quote
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
	 * Returns an executor with reserved connections. Used by at most one thread of each
	 * of the log's writers, the leases, the sender and the reader of signals, and the
	 * reader of remote events.
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
	 * @param statement a statement with unqualified names
	 * @return the statement for this schema
	 */
	public String sql(String statement) {
		return this.settings.sql(statement);
	}

	/**
	 * Runs work in a separate transaction, on a connection that no transaction of the
	 * application uses. The work must commit. Failures of the connection after the commit
	 * do not affect the result.
	 * @param work the work
	 * @param <T> its result
	 * @return the work's result
	 * @throws SQLException if a statement failed or no connection was available
	 */
	public <T extends @Nullable Object> T inOwnTransaction(Work<T> work) throws SQLException {
		return withOwnConnection(false, (connection) -> work.run(session(connection, true, false)));
	}

	/**
	 * Runs work in the application's current transaction. Without a transaction, each
	 * statement commits separately.
	 * @param work the work
	 * @param <T> its result
	 * @return the work's result
	 * @throws EventLogUnavailableException if a statement failed or no connection was
	 * available
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
	 * Restores the state of the connection, because not every pool does.
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
	 * Logs the cause once, because the mix-up makes each part of the library fail in a
	 * different way.
	 */
	private void warnOfPooler(SQLException cause) {
		if (SqlStates.isMixedUp(cause) && this.settings.isFirstMixUp()) {
			logger.warn("The connections to Postgres use a pooler in transaction mode, such as PgBouncer, which "
					+ "mixes up prepared statements (" + cause.getMessage()
					+ "). Add prepareThreshold=0 to the JDBC URL, " + "or let the pooler keep prepared statements");
		}
	}

	/**
	 * Evicts a read-only connection, because the application's pool may not detect that
	 * it is unusable.
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
			logger.debug("Could not restore the state of a connection", ex);
		}
	}

	private static void close(Connection connection) {
		try {
			connection.close();
		}
		catch (SQLException ex) {
			logger.debug("Could not close a connection", ex);
		}
	}

	/**
	 * Statements to run on a connection.
	 *
	 * @param <T> their result
	 */
	@FunctionalInterface
	public interface Work<T extends @Nullable Object> {

		/**
		 * Runs the statements.
		 * @param session the connection
		 * @return the result
		 * @throws SQLException if a statement failed
		 */
		T run(JdbcSession session) throws SQLException;

	}

	@FunctionalInterface
	private interface ConnectionWork<T extends @Nullable Object> {

		T with(Connection connection) throws SQLException;

	}

}
