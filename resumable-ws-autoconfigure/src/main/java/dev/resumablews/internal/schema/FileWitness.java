package dev.resumablews.internal.schema;

import java.util.List;

/**
 * A relation or column that exists if, and only if, a file of {@link SchemaFiles} has
 * run.
 *
 * @param file the file's name without its folder
 * @param relation a table or an index
 * @param column a column of the table; empty to check for the relation itself
 */
record FileWitness(String file, String relation, String column) {

	private static final List<FileWitness> ALL = List.of( //
			new FileWitness("001-tables.sql", "ws_sessions", ""), //
			new FileWitness("002-costs.sql", "ws_events", "payload_bytes"), //
			new FileWitness("003-replies.sql", "ws_replies_lease_idx", ""), //
			new FileWitness("004-epoch.sql", "ws_sessions", "forks"), //
			new FileWitness("005-signals.sql", "ws_signals", ""), //
			new FileWitness("006-empty-sessions.sql", "ws_empty_sessions", ""), //
			new FileWitness("007-reply-users.sql", "ws_replies", "user_id"), //
			new FileWitness("008-erasure.sql", "ws_disconnects", ""), //
			new FileWitness("009-user-limits.sql", "ws_sessions", "stored_bytes"), //
			new FileWitness("010-relays.sql", "ws_relays", ""), //
			new FileWitness("011-traces.sql", "ws_replies", "trace"));

	/**
	 * Returns one witness for each file.
	 * @return the witnesses, in the order of the files
	 */
	static List<FileWitness> all() {
		return ALL;
	}

}
