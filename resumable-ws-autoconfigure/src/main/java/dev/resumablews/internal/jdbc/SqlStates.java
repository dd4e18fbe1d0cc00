package dev.resumablews.internal.jdbc;

import java.sql.SQLException;
import java.util.Set;

import dev.resumablews.EventLogUnavailableException;
import org.jspecify.annotations.Nullable;

/**
 * What an SQLSTATE tells about whether to try again. The classes are those of appendix A
 * of the Postgres manual.
 */
public final class SqlStates {

	/**
	 * There is no connection, or it is broken.
	 */
	static final String NO_CONNECTION = "08003";

	/**
	 * A write in a read-only transaction.
	 */
	public static final String READ_ONLY_TRANSACTION = "25006";

	/**
	 * A statement that must come first in a transaction, and does not.
	 */
	private static final String ACTIVE_TRANSACTION = "25001";

	private static final String LOCK_NOT_AVAILABLE = "55P03";

	private static final String UNIQUE_VIOLATION = "23505";

	/**
	 * A statement was cancelled by a timeout, or gave up to wait for a lock.
	 */
	private static final Set<String> TIMEOUTS = Set.of("57014", LOCK_NOT_AVAILABLE, "25P03");

	/**
	 * A write in a read-only transaction, and a function that does not work on a standby.
	 */
	private static final Set<String> READ_ONLY = Set.of(READ_ONLY_TRANSACTION, "55000");

	/**
	 * A prepared statement that exists already or does not exist, although the driver
	 * keeps account of them: another client uses the same backend.
	 */
	private static final Set<String> MIXED_UP = Set.of("42P05", "26000");

	private SqlStates() {
	}

	public static boolean isUniqueViolation(SQLException ex) {
		return UNIQUE_VIOLATION.equals(ex.getSQLState());
	}

	/**
	 * Whether the statement's data is at fault, so that it would fail again.
	 */
	public static boolean isRejectedData(SQLException ex) {
		@Nullable String state = ex.getSQLState();
		return state != null && !isUniqueViolation(ex)
				&& (state.startsWith("22") || state.startsWith("23") || state.startsWith("54"));
	}

	/**
	 * Whether the server ended the statement because of its bounds.
	 */
	public static boolean isTimeout(SQLException ex) {
		return ex.getSQLState() != null && TIMEOUTS.contains(ex.getSQLState());
	}

	/**
	 * Whether the isolation level was not changed, because the transaction had a query.
	 */
	static boolean isTooLateForIsolation(SQLException ex) {
		return ACTIVE_TRANSACTION.equals(ex.getSQLState());
	}

	/**
	 * Whether the connection can do no more writes: the server is a standby, or became
	 * read-only.
	 */
	static boolean isReadOnly(SQLException ex) {
		return READ_ONLY.contains(String.valueOf(ex.getSQLState()));
	}

	/**
	 * Whether a pooler in transaction mode mixes up the prepared statements of its
	 * clients.
	 */
	static boolean isMixedUp(SQLException ex) {
		return MIXED_UP.contains(String.valueOf(ex.getSQLState()));
	}

	/**
	 * Returns the exception that tells that something is locked which is not waited for.
	 * @param message what is locked
	 * @return the exception, like one from Postgres
	 */
	public static SQLException locked(String message) {
		return new SQLException(message, LOCK_NOT_AVAILABLE);
	}

	/**
	 * Returns the exception that tells an application what happened.
	 * @param ex what the driver said
	 * @return the exception, with a message that says whether Postgres was reached
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
