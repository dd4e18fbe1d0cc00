package dev.resumablews.internal.schema;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

import javax.sql.DataSource;

import dev.resumablews.internal.failure.ResumableWsConfigurationException;

/**
 * Stores a session with an event, then reads, changes and deletes it, and rolls back.
 * This detects policies that hide rows, and triggers or constraints of the application
 * that reject them.
 */
final class WriteCheck {

	private static final List<String> STATEMENTS = List.of(
			"insert into ws_sessions (session_id, user_id, forks) values (?, 'start-up check', ws_forks('', ws_epoch(''), 1))",
			"update ws_sessions set last_event_id = 1 where session_id = ?",
			"insert into ws_events (session_id, id, type, payload, created_at) values (?, 1, 'check', '{}', clock_timestamp())",
			"update ws_events set payload_bytes = 2 where session_id = ?", //
			"delete from ws_events where session_id = ?", //
			"delete from ws_sessions where session_id = ?");

	private final DataSource dataSource;

	private final SchemaName schema;

	WriteCheck(DataSource dataSource, SchemaName schema) {
		this.dataSource = dataSource;
		this.schema = schema;
	}

	/**
	 * Runs the check.
	 * @param role the role of the application's connection
	 * @throws SQLException if Postgres rejects a statement
	 * @throws ResumableWsConfigurationException if a policy hides a stored row
	 */
	void run(String role) throws SQLException {
		StartConnection.with(this.dataSource, false, (connection) -> {
			write(connection, role);
			return true;
		});
	}

	private void write(Connection connection, String role) throws SQLException {
		UUID session = UUID.randomUUID();
		try (PreparedStatement bounds = connection.prepareStatement(StartConnection.BOUNDS)) {
			bounds.execute();
		}
		for (String sql : STATEMENTS) {
			try (PreparedStatement statement = connection.prepareStatement(this.schema.qualify(sql))) {
				statement.setObject(1, session);
				if (statement.executeUpdate() != 1) {
					throw new ResumableWsConfigurationException(
							"Role \"%s\" cannot access a row that it has just stored: \"%s\" changed no row.".formatted(
									role, sql),
							"Check the row-level security policies and triggers of this table.");
				}
			}
		}
	}

}
