package dev.resumablews.internal.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Executor;

import javax.sql.DataSource;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.schema.SchemaName;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.jdbc.CannotGetJdbcConnectionException;
import org.springframework.jdbc.datasource.DataSourceUtils;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Runs statements with a bound on how long Postgres may take, also when the network drops
 * packets without closing the connection. Safe for use by many threads.
 */
public final class JdbcExecutor {

	private static final Log logger = LogFactory.getLog(JdbcExecutor.class);

	private static final Executor SAME_THREAD = Runnable::run;

	private final DataSource dataSource;

	private final SchemaName schema;

	private final int timeoutMillis;

	public JdbcExecutor(DataSource dataSource, SchemaName schema, Duration statementTimeout) {
		this.dataSource = dataSource;
		this.schema = schema;
		// zero would be no timeout at all
		this.timeoutMillis = (int) Math.max(1, Math.min(Integer.MAX_VALUE, statementTimeout.toMillis()));
	}

	public DataSource dataSource() {
		return this.dataSource;
	}

	public String sql(String statement) {
		return this.schema.qualify(statement);
	}

	/**
	 * Does something with a connection that is part of no transaction of the application,
	 * in a transaction that the work has to commit. Whatever happens after the work has
	 * returned does not change its result.
	 */
	public <T> T apart(Work<T> work) throws SQLException {
		return withOwnConnection(false, work);
	}

	/**
	 * Does something with the connection of the current transaction, or with one of its
	 * own if there is none.
	 */
	public <T> T call(Work<T> work) {
		try {
			if (!TransactionSynchronizationManager.hasResource(this.dataSource)) {
				return withOwnConnection(true, work);
			}
			Connection connection = DataSourceUtils.getConnection(this.dataSource);
			try {
				return work.with(connection);
			}
			finally {
				DataSourceUtils.releaseConnection(connection, this.dataSource);
			}
		}
		catch (SQLException | CannotGetJdbcConnectionException ex) {
			throw new EventLogUnavailableException("Postgres did not answer: " + ex.getMessage(), ex);
		}
	}

	/**
	 * Leaves the connection as it was found: not every pool restores what was set.
	 */
	private <T> T withOwnConnection(boolean autoCommit, Work<T> work) throws SQLException {
		Connection connection = this.dataSource.getConnection();
		try {
			int timeoutBefore = connection.getNetworkTimeout();
			boolean autoCommitBefore = connection.getAutoCommit();
			try {
				connection.setNetworkTimeout(SAME_THREAD, this.timeoutMillis);
				connection.setAutoCommit(autoCommit);
				return work.with(connection);
			}
			finally {
				restore(connection, autoCommitBefore, timeoutBefore);
			}
		}
		finally {
			close(connection);
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
	 * Something to do with a connection.
	 */
	@FunctionalInterface
	public interface Work<T> {

		T with(Connection connection) throws SQLException;

	}

}
