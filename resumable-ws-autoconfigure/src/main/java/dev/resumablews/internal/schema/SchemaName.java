package dev.resumablews.internal.schema;

import java.util.regex.Pattern;

/**
 * The schema that the tables and functions are in. Makes SQL that names a table
 * {@code ws_sessions} name it {@code chat.ws_sessions} when they are in the schema
 * {@code chat}. Immutable.
 *
 * @param value the schema's name; empty for the one the database connection comes with
 */
public record SchemaName(String value) {

	private static final Pattern TABLE = Pattern
		.compile("\\b(?=ws_(sessions|events|idempotency_keys|live_connections|replies|connected_nodes|signals|epoch"
				+ "|forks)\\b)");

	/**
	 * Qualifies the names of this library's tables and functions in a statement.
	 * @param sql the statement
	 * @return the statement to run
	 */
	public String qualify(String sql) {
		return this.value.isEmpty() ? sql : TABLE.matcher(sql).replaceAll("\"" + this.value + "\".");
	}

}
