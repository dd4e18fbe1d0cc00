package dev.resumablews.internal.jdbc;

import java.sql.SQLException;

import org.jspecify.annotations.Nullable;

/**
 * What an SQLSTATE tells about whether to try again. The classes are those of appendix A
 * of the Postgres manual.
 */
public final class SqlStates {

	private static final String UNIQUE_VIOLATION = "23505";

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

}
