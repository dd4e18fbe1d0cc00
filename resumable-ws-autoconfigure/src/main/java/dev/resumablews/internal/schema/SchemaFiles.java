package dev.resumablews.internal.schema;

import java.util.List;
import java.util.stream.Stream;

/**
 * The SQL files that create and update the tables. A released file is never changed. All
 * statements are idempotent.
 */
final class SchemaFiles {

	static final String FOLDER = "dev/resumablews/schema/";

	private static final List<String> NAMES = List.of( //
			"001-tables.sql", //
			"002-costs.sql", //
			"003-replies.sql", //
			"004-epoch.sql", //
			"005-signals.sql", //
			"006-empty-sessions.sql", //
			"007-reply-users.sql", //
			"008-erasure.sql", //
			"009-user-limits.sql", //
			"010-relays.sql", //
			"011-traces.sql");

	private SchemaFiles() {
	}

	/**
	 * Returns the files in the order in which to run them.
	 * @return their paths on the class path
	 */
	static List<String> inOrder() {
		return NAMES.stream().map(FOLDER::concat).toList();
	}

	/**
	 * Returns the tables that the files create.
	 * @return their names
	 */
	static List<String> tables() {
		return Stream
			.of("sessions", "events", "idempotency_keys", "live_connections", "replies", "connected_nodes", "signals",
					"empty_sessions", "disconnects", "relays")
			.map("ws_"::concat)
			.toList();
	}

	/**
	 * Returns the tables and functions that the files create.
	 * @return their names
	 */
	static List<String> names() {
		return Stream.concat(tables().stream(), Stream.of("ws_epoch", "ws_forks")).toList();
	}

}
