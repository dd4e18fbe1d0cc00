package dev.resumablews.log;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.Executor;

import javax.sql.DataSource;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.schema.SchemaName;

import org.springframework.jdbc.CannotGetJdbcConnectionException;
import org.springframework.jdbc.datasource.DataSourceUtils;

/**
 * Runs statements with a bound on how long Postgres may take, also when the network drops
 * packets without closing the connection. Safe for use by many threads.
 */
final class Database {

	private static final Executor SAME_THREAD = Runnable::run;

	private final DataSource dataSource;

	private final SchemaName schema;

	private final int timeoutMillis;

	Database(DataSource dataSource, SchemaName schema, Duration statementTimeout) {
		this.dataSource = dataSource;
		this.schema = schema;
		this.timeoutMillis = Math.toIntExact(statementTimeout.toMillis());
	}

	DataSource dataSource() {
		return this.dataSource;
	}

	String sql(String statement) {
		return this.schema.qualify(statement);
	}

	/**
	 * Opens a connection that is part of no transaction of the application.
	 */
	Connection open() throws SQLException {
		Connection connection = this.dataSource.getConnection();
		try {
			connection.setNetworkTimeout(SAME_THREAD, this.timeoutMillis);
			return connection;
		}
		catch (SQLException | RuntimeException ex) {
			connection.close();
			throw ex;
		}
	}

	/**
	 * Does something with the connection of the current transaction, or with one of its
	 * own if there is none.
	 */
	<T> T call(Work<T> work) {
		try {
			Connection connection = DataSourceUtils.getConnection(this.dataSource);
			try {
				if (!DataSourceUtils.isConnectionTransactional(connection, this.dataSource)) {
					connection.setNetworkTimeout(SAME_THREAD, this.timeoutMillis);
				}
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
	 * Something to do with a connection.
	 */
	@FunctionalInterface
	interface Work<T> {

		T with(Connection connection) throws SQLException;

	}

}
