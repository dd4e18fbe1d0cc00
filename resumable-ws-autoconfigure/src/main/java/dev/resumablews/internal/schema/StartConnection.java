package dev.resumablews.internal.schema;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Executor;

import javax.sql.DataSource;

import dev.resumablews.internal.failure.ResumableWsConfigurationException;

/**
 * Provides connections of the application at start-up, with a time limit on the client,
 * and restores their state, because not every pool does.
 */
final class StartConnection {

	/**
	 * Sets time limits on the server, before the first statement of a transaction.
	 */
	static final String BOUNDS = """
			select set_config('lock_timeout', '5000', true), set_config('statement_timeout', '8000', true)
			""";

	private static final int NETWORK_TIMEOUT_MILLIS = 10_000;

	private static final Executor SAME_THREAD = Runnable::run;

	private StartConnection() {
	}

	/**
	 * Runs statements on a writable connection.
	 * @param dataSource provides the connection
	 * @param autoCommit whether each statement commits separately; otherwise uncommitted
	 * changes are rolled back
	 * @param work runs the statements
	 * @param <T> their result
	 * @return the work's result
	 * @throws SQLException if a statement failed
	 * @throws ResumableWsConfigurationException if the database is not Postgres or is
	 * read-only
	 */
	static <T> T with(DataSource dataSource, boolean autoCommit, Work<T> work) throws SQLException {
		try (Connection connection = dataSource.getConnection()) {
			requireWritablePostgres(connection);
			int timeoutBefore = connection.getNetworkTimeout();
			boolean autoCommitBefore = connection.getAutoCommit();
			try {
				connection.setNetworkTimeout(SAME_THREAD, NETWORK_TIMEOUT_MILLIS);
				connection.setAutoCommit(autoCommit);
				return work.run(connection);
			}
			finally {
				restore(connection, autoCommitBefore, timeoutBefore);
			}
		}
	}

	private static void requireWritablePostgres(Connection connection) throws SQLException {
		String product = connection.getMetaData().getDatabaseProductName();
		if (!product.equals("PostgreSQL")) {
			throw new ResumableWsConfigurationException(
					"resumable-ws keeps its tables in Postgres, but the DataSource is of " + product + ".",
					"Annotate a DataSource bean of Postgres with @ResumableWsDataSource, or set "
							+ "resumable-ws.enabled=false.");
		}
		if (connection.isReadOnly()) {
			throw new ResumableWsConfigurationException(
					"resumable-ws writes to Postgres, but the connections of the DataSource are read-only.",
					"Remove spring.datasource.hikari.read-only, or annotate a DataSource bean that may write with "
							+ "@ResumableWsDataSource.");
		}
	}

	private static void restore(Connection connection, boolean autoCommit, int timeoutMillis) throws SQLException {
		if (connection.isClosed()) {
			return;
		}
		if (!connection.getAutoCommit()) {
			connection.rollback();
		}
		connection.setAutoCommit(autoCommit);
		connection.setNetworkTimeout(SAME_THREAD, timeoutMillis);
	}

	/**
	 * Statements to run on a connection.
	 *
	 * @param <T> their result
	 */
	@FunctionalInterface
	interface Work<T> {

		T run(Connection connection) throws SQLException;

	}

}
