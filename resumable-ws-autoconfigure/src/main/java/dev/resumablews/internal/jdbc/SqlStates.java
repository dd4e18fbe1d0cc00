package dev.resumablews.internal.jdbc;

import java.sql.SQLException;
import java.util.Set;

import dev.resumablews.EventLogUnavailableException;
import org.jspecify.annotations.Nullable;

/**
 * Classifies SQLSTATEs by how to handle them. The states are defined in appendix A of the
 * Postgres manual.
 */
public final class SqlStates {

	/**
	 * The connection is missing or broken.
	 */
	static final String NO_CONNECTION = "08003";

	/**
	 * Write in a read-only transaction.
	 */
	public static final String READ_ONLY_TRANSACTION = "25006";

	/**
	 * A statement that must come first in a transaction, and does not.
	 */
	private static final String ACTIVE_TRANSACTION = "25001";

	private static final String LOCK_NOT_AVAILABLE = "55P03";

	private static final String UNIQUE_VIOLATION = "23505";

	/**
	 * Statement cancelled by a timeout, or lock wait timed out.
	 */
	private static final Set<String> TIMEOUTS = Set.of("57014", LOCK_NOT_AVAILABLE, "25P03");

	/**
	 * Write in a read-only transaction, or call of a function that does not work on a
	 * standby.
	 */
	private static final Set<String> READ_ONLY = Set.of(READ_ONLY_TRANSACTION, "55000");

	/**
	 * Duplicate or missing prepared statement. The driver tracks its prepared statements,
	 * so a different client uses the same backend.
	 */
	private static final Set<String> MIXED_UP = Set.of("42P05", "26000");

	private SqlStates() {
	}

	public static boolean isUniqueViolation(SQLException ex) {
		return UNIQUE_VIOLATION.equals(ex.getSQLState());
	}

	/**
	 * Returns whether the statement's data caused the failure, so that a retry would
	 * fail, too.
	 */
	public static boolean isRejectedData(SQLException ex) {
		@Nullable String state = ex.getSQLState();
		return state != null && !isUniqueViolation(ex)
				&& (state.startsWith("22") || state.startsWith("23") || state.startsWith("54"));
	}

	/**
	 * Returns whether the server ended the statement because of a time limit.
	 */
	public static boolean isTimeout(SQLException ex) {
		return ex.getSQLState() != null && TIMEOUTS.contains(ex.getSQLState());
	}

	/**
	 * Returns whether the isolation level was not changed because the transaction already
	 * had a query.
	 */
	static boolean isTooLateForIsolation(SQLException ex) {
		return ACTIVE_TRANSACTION.equals(ex.getSQLState());
	}

	/**
	 * Returns whether the connection no longer accepts writes because the server is a
	 * standby or has become read-only.
	 */
	static boolean isReadOnly(SQLException ex) {
		return READ_ONLY.contains(String.valueOf(ex.getSQLState()));
	}

	/**
	 * Returns whether a pooler in transaction mode has mixed up the prepared statements
	 * of its clients.
	 */
	static boolean isMixedUp(SQLException ex) {
		return MIXED_UP.contains(String.valueOf(ex.getSQLState()));
	}

	/**
	 * Returns an exception for a row that is locked by another transaction.
	 * @param message description of the row
	 * @return an exception like the one from Postgres
	 */
	public static SQLException locked(String message) {
		return new SQLException(message, LOCK_NOT_AVAILABLE);
	}

	/**
	 * Converts an exception of the driver for the application.
	 * @param ex the driver's exception
	 * @return an exception with a message that distinguishes an unreachable Postgres from
	 * a failed statement
	 */
	public static EventLogUnavailableException unavailable(SQLException ex) {
		return new EventLogUnavailableException(describe(ex) + ": " + ex.getMessage(), ex);
	}

	private static String describe(SQLException ex) {
		String state = ex.getSQLState();
		if (state == null || state.startsWith("08") || state.startsWith("57P")) {
			return "Postgres cannot be reached";
		}
		if (isMixedUp(ex)) {
			return "A pooler in transaction mode mixes up prepared statements; add prepareThreshold=0 to the JDBC URL";
		}
		return isTimeout(ex) ? "Postgres did not complete the statement in time" : "Postgres rejected the statement";
	}

}
