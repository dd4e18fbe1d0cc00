package dev.resumablews.internal.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Runs statements on one connection. Every statement of the library goes through one of
 * these, and so is bounded twice: the client waits for the socket no longer than the
 * statement timeout, and the server ends the statement, a wait for a lock, and an idle
 * transaction a little earlier, so that no backend outlives its client. Used by one
 * thread.
 * <p>
 * The server's bounds are set for the transaction alone, in front of its first statement
 * and in the same round trip, because a pooler in transaction mode gives the connection
 * to others afterwards. So is the isolation level, which is read committed: the
 * statements need it, and the default of a shared pool may be another one.
 */
public final class JdbcSession {

	private final Connection connection;

	private final JdbcSettings settings;

	private final boolean owned;

	private final boolean autoCommit;

	/**
	 * Whether the server has the bounds for the current transaction.
	 */
	private boolean bounded;

	/**
	 * Creates a session.
	 * @param owned whether the connection is the library's own, and not that of a
	 * transaction of the application
	 * @param autoCommit whether each statement is a transaction
	 */
	JdbcSession(Connection connection, JdbcSettings settings, boolean owned, boolean autoCommit) {
		this.connection = connection;
		this.settings = settings;
		this.owned = owned;
		this.autoCommit = autoCommit;
	}

	/**
	 * Runs a statement that returns rows.
	 * @param sql the statement, with the tables' plain names
	 * @param parameters sets its parameters
	 * @param rows reads the rows
	 * @param <T> what is read
	 * @return what was read
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
	 * Runs a statement that returns rows, and reads each of them.
	 * @param sql the statement, with the tables' plain names
	 * @param parameters sets its parameters
	 * @param row reads a row
	 * @param <T> what a row becomes
	 * @return what the rows have become, in their order
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
	 * @param sql the statement, with the tables' plain names
	 * @param parameters sets its parameters
	 * @return how many rows were changed
	 * @throws SQLException if the statement failed
	 */
	public int update(String sql, Parameters parameters) throws SQLException {
		try (PreparedStatement statement = prepare(sql, parameters)) {
			execute(statement);
			return statement.getUpdateCount();
		}
	}

	/**
	 * Commits the transaction. The next statement begins another one.
	 * @throws SQLException if it is not known whether the transaction was committed
	 */
	public void commit() throws SQLException {
		this.bounded = false;
		this.connection.commit();
	}

	/**
	 * Rolls the transaction back. The next statement begins another one.
	 * @throws SQLException if the connection is broken, which ends the transaction too
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
	 * Runs the statement, and skips the results of those that set the bounds.
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
	 * In a transaction of the application the driver cancels the statement, since bounds
	 * that the server is given last for the rest of the transaction.
	 */
	private void applyTimeout(PreparedStatement statement) throws SQLException {
		int seconds = (int) Math.max(1, this.settings.statementTimeout().toSeconds());
		int current = statement.getQueryTimeout();
		if (current == 0 || current > seconds) {
			statement.setQueryTimeout(seconds);
		}
	}

	/**
	 * Sets the parameters of a statement.
	 */
	@FunctionalInterface
	public interface Parameters {

		/**
		 * A statement without parameters.
		 */
		Parameters NONE = (statement) -> {
		};

		/**
		 * Sets them.
		 * @param statement the statement
		 * @throws SQLException if one of them cannot be set
		 */
		void set(PreparedStatement statement) throws SQLException;

	}

	/**
	 * Reads rows.
	 *
	 * @param <T> what is read
	 */
	@FunctionalInterface
	public interface Rows<T extends @Nullable Object> {

		/**
		 * Reads them.
		 * @param result the rows
		 * @return what was read
		 * @throws SQLException if they cannot be read
		 */
		T read(ResultSet result) throws SQLException;

	}

}
