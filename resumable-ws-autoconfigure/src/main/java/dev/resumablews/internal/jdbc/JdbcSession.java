package dev.resumablews.internal.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Runs statements on one connection. Every statement of the library is run by this class
 * and therefore has two time limits: the client waits for a response no longer than the
 * statement timeout, and the server ends the statement, a lock wait or an idle
 * transaction slightly earlier, so that no backend outlives its client. Used by one
 * thread.
 * <p>
 * The server's limits apply only to the transaction. They are set before its first
 * statement and in the same round trip, because a pooler in transaction mode passes the
 * connection to other clients afterwards. So is the isolation level, read committed,
 * which the statements require, because a shared pool may have another default.
 */
public final class JdbcSession {

	private final Connection connection;

	private final JdbcSettings settings;

	private final boolean owned;

	private final boolean autoCommit;

	/**
	 * Whether the limits are set for the current transaction.
	 */
	private boolean bounded;

	/**
	 * Creates a session.
	 * @param owned whether the connection belongs to the library, and not to a
	 * transaction of the application
	 * @param autoCommit whether each statement commits separately
	 */
	JdbcSession(Connection connection, JdbcSettings settings, boolean owned, boolean autoCommit) {
		this.connection = connection;
		this.settings = settings;
		this.owned = owned;
		this.autoCommit = autoCommit;
	}

	/**
	 * Runs a query.
	 * @param sql the statement, with unqualified table names
	 * @param parameters sets its parameters
	 * @param rows reads the rows
	 * @param <T> type of the result
	 * @return the result of the reader
	 * @throws SQLException if the statement failed
	 */
	public <T extends @Nullable Object> T query(String sql, Parameters parameters, Rows<T> rows) throws SQLException {
		try (PreparedStatement statement = prepare(sql, parameters)) {
			execute(statement);
			try (ResultSet result = statement.getResultSet()) {
				return rows.read(result);
			}
		}
	}

	/**
	 * Runs a query and maps each row.
	 * @param sql the statement, with unqualified table names
	 * @param parameters sets its parameters
	 * @param row maps a row
	 * @param <T> type of an element
	 * @return the mapped rows, in order
	 * @throws SQLException if the statement failed
	 */
	public <T> List<T> list(String sql, Parameters parameters, Rows<T> row) throws SQLException {
		return query(sql, parameters, (result) -> {
			List<T> all = new ArrayList<>();
			while (result.next()) {
				all.add(row.read(result));
			}
			return all;
		});
	}

	/**
	 * Runs a statement that returns no rows.
	 * @param sql the statement, with unqualified table names
	 * @param parameters sets its parameters
	 * @return the number of changed rows
	 * @throws SQLException if the statement failed
	 */
	public int update(String sql, Parameters parameters) throws SQLException {
		try (PreparedStatement statement = prepare(sql, parameters)) {
			execute(statement);
			return statement.getUpdateCount();
		}
	}

	/**
	 * Commits the transaction. The next statement starts a new one.
	 * @throws SQLException if the outcome of the commit is unknown
	 */
	public void commit() throws SQLException {
		this.bounded = false;
		this.connection.commit();
	}

	/**
	 * Rolls back the transaction. The next statement starts a new one.
	 * @throws SQLException if the connection is broken, which also ends the transaction
	 */
	public void rollback() throws SQLException {
		this.bounded = false;
		this.connection.rollback();
	}

	/**
	 * Lets the current transaction, which may be one of the application's, see what
	 * others commit while it runs. Must be called before its first query.
	 * @throws SQLException if the statement failed
	 * @throws IllegalStateException if the transaction had a query and has a higher level
	 */
	public void readCommitted() throws SQLException {
		try {
			update("set transaction isolation level read committed", Parameters.NONE);
		}
		catch (SQLException ex) {
			if (SqlStates.isTooLateForIsolation(ex)) {
				throw new IllegalStateException(
						"The transaction must be read committed and has a higher isolation level, which cannot be "
								+ "changed after its first query; a listener of transactions must not run one",
						ex);
			}
			throw ex;
		}
	}

	private PreparedStatement prepare(String sql, Parameters parameters) throws SQLException {
		boolean withBounds = this.owned && !this.bounded;
		PreparedStatement statement = this.connection
			.prepareStatement(withBounds ? this.settings.boundedSql(sql) : this.settings.sql(sql));
		try {
			parameters.set(statement);
			if (!this.owned) {
				applyTimeout(statement);
			}
		}
		catch (SQLException | RuntimeException | Error ex) {
			statement.close();
			throw ex;
		}
		return statement;
	}

	/**
	 * Executes the statement, and skips the results of setting the isolation level and
	 * the limits.
	 */
	private void execute(PreparedStatement statement) throws SQLException {
		boolean withBounds = this.owned && !this.bounded;
		statement.execute();
		if (withBounds) {
			for (int i = 0; i < JdbcSettings.BOUNDING_STATEMENTS; i++) {
				statement.getMoreResults();
			}
			this.bounded = !this.autoCommit;
		}
	}

	/**
	 * Sets a query timeout in the driver. Limits on the server would apply to the rest of
	 * the application's transaction.
	 */
	private void applyTimeout(PreparedStatement statement) throws SQLException {
		int seconds = (int) Math.max(1, this.settings.statementTimeout().toSeconds());
		int current = statement.getQueryTimeout();
		if (current == 0 || current > seconds) {
			statement.setQueryTimeout(seconds);
		}
	}

	/**
	 * Strategy that sets the parameters of a statement.
	 */
	@FunctionalInterface
	public interface Parameters {

		/**
		 * No parameters.
		 */
		Parameters NONE = (statement) -> {
		};

		/**
		 * Sets the parameters.
		 * @param statement the statement
		 * @throws SQLException if a parameter cannot be set
		 */
		void set(PreparedStatement statement) throws SQLException;

	}

	/**
	 * Strategy that reads rows.
	 *
	 * @param <T> type of the result
	 */
	@FunctionalInterface
	public interface Rows<T extends @Nullable Object> {

		/**
		 * Reads the rows.
		 * @param result the rows
		 * @return the result
		 * @throws SQLException if the rows cannot be read
		 */
		T read(ResultSet result) throws SQLException;

	}

}
