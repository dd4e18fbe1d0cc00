package dev.resumablews.testing;

import java.util.regex.Pattern;

/**
 * What a client asks of Postgres before it waits for the answer: one statement, perhaps
 * with a {@code begin} or settings in front of it, or the end of a transaction.
 *
 * @param sql the last statement, as {@link #normalize} writes it
 * @param transaction the statement before it in the same transaction; empty if there is
 * none, or no transaction
 */
public record PostgresRequest(String sql, String transaction) {

	private static final String COMMIT = "commit";

	private static final Pattern SPACE = Pattern.compile("\\s+");

	private static final Pattern END = Pattern.compile(";\\s*$");

	private static final Pattern PARAMETER = Pattern.compile("\\$\\d+");

	/**
	 * Returns what distinguishes this request: the statement, and for a commit also what
	 * it commits.
	 * @return the key
	 */
	public String key() {
		return isCommit() ? "commit after " + this.transaction : this.sql;
	}

	/**
	 * Whether the request ends a transaction by committing it.
	 * @return whether it does
	 */
	public boolean isCommit() {
		return this.sql.equalsIgnoreCase(COMMIT);
	}

	/**
	 * Whether the request ends a transaction, either way.
	 * @return whether it does
	 */
	boolean endsTransaction() {
		return isCommit() || this.sql.equalsIgnoreCase("rollback");
	}

	/**
	 * Writes SQL on one line, with {@code ?} for each parameter, as the driver was given
	 * it.
	 * @param sql the SQL
	 * @return the same on one line
	 */
	public static String normalize(String sql) {
		return PARAMETER.matcher(SPACE.matcher(END.matcher(sql).replaceAll("")).replaceAll(" "))
			.replaceAll("?")
			.strip();
	}

}
