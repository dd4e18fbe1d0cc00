package dev.resumablews.internal.schema;

import java.util.regex.Pattern;

/**
 * The schema of the tables and functions. Qualifies names in SQL, such as {@code
 * ws_sessions}, which becomes {@code chat.ws_sessions} for the schema {@code chat}.
 * Immutable.
 *
 * @param value the schema's name; empty for the current schema of the connection
 */
public record SchemaName(String value) {

	private static final Pattern TABLE = Pattern.compile("\\b(?=(" + String.join("|", SchemaFiles.names()) + ")\\b)");

	/**
	 * Qualifies the names of this library's tables and functions in a statement.
	 * @param sql the statement
	 * @return the statement to run
	 */
	public String qualify(String sql) {
		return this.value.isEmpty() ? sql : TABLE.matcher(sql).replaceAll("\"" + this.value + "\".");
	}

}
