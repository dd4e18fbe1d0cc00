package dev.resumablews.testing;

import java.util.regex.Pattern;

/**
 * A request that a client sends to Postgres before it waits for the response: one
 * statement, possibly after a {@code begin} or settings, or the end of a transaction.
 *
 * @param sql the last statement, normalized by {@link #normalize}
 * @param transaction the previous statement of the same transaction; empty if there is
 * none
 */
public record PostgresRequest(String sql, String transaction) {

	private static final String COMMIT = "commit";

	private static final Pattern SPACE = Pattern.compile("\\s+");

	private static final Pattern END = Pattern.compile(";\\s*$");

	private static final Pattern PARAMETER = Pattern.compile("\\$\\d+");

	/**
	 * Returns a key that identifies this request: the statement, and for a commit also
	 * the statement that it commits.
	 * @return the key
	 */
	public String key() {
		return isCommit() ? "commit after " + this.transaction : this.sql;
	}

	/**
	 * Returns whether the request commits a transaction.
	 * @return whether it is a commit
	 */
	public boolean isCommit() {
		return this.sql.equalsIgnoreCase(COMMIT);
	}

	/**
	 * Returns whether the request commits or rolls back a transaction.
	 * @return whether it ends a transaction
	 */
	boolean endsTransaction() {
		return isCommit() || this.sql.equalsIgnoreCase("rollback");
	}

	/**
	 * Normalizes SQL to one line, with {@code ?} for each parameter as in the JDBC
	 * statement.
	 * @param sql the SQL
	 * @return the normalized SQL
	 */
	public static String normalize(String sql) {
		return PARAMETER.matcher(SPACE.matcher(END.matcher(sql).replaceAll("")).replaceAll(" "))
			.replaceAll("?")
			.strip();
	}

}
