package dev.resumablews.internal.schema;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests the documented role that can read only the rows of one user, with the SQL of the
 * documentation.
 */
class RowLevelSecurityTests {

	private static final Path ARCHITECTURE = Path.of("../docs/architecture.md");

	private static final String FIRST_LINE = "create role app_reader;";

	private final String url = TestPostgres.createDatabase();

	private final JdbcTemplate owner = new JdbcTemplate(new DriverManagerDataSource(this.url));

	private final String role = "reader_" + UUID.randomUUID().toString().replace("-", "");

	private final UUID ofAlice = UUID.randomUUID();

	private final UUID ofBob = UUID.randomUUID();

	@BeforeEach
	void createRole() throws IOException {
		TestPostgres.createTables(new DriverManagerDataSource(this.url));
		String document = Files.readString(ARCHITECTURE);
		int start = document.indexOf(FIRST_LINE);
		String sql = document.substring(start, document.indexOf("```", start));
		this.owner.execute(sql.replace("app_reader", this.role));
		session(this.ofAlice, "alice");
		session(this.ofBob, "bob");
	}

	private void session(UUID session, String user) {
		this.owner.update("insert into ws_sessions (session_id, user_id, last_event_id) values (?, ?, 1)", session,
				user);
		this.owner.update("insert into ws_events (session_id, id, type, payload, created_at) "
				+ "values (?, 1, 'tick', json_build_object('of', ?::text), now())", session, user);
	}

	@Test
	void theRoleReadsOnlyTheRowsOfTheUser() throws SQLException {
		try (Connection reader = connect()) {
			become(reader, "alice");
			assertThat(read(reader, "select session_id::text from ws_sessions"))
				.containsExactly(this.ofAlice.toString());
			assertThat(read(reader, "select payload ->> 'of' from ws_events")).containsExactly("alice");
			assertThat(read(reader,
					"select e.payload ->> 'of' from ws_sessions s right join ws_events e using (session_id)"))
				.containsExactly("alice");
			assertThat(read(reader, "select payload ->> 'of' from ws_events where session_id = '" + this.ofBob + "'"))
				.isEmpty();
			assertThat(read(reader, "select count(*)::text from ws_sessions where user_id = 'bob'"))
				.containsExactly("0");
		}
	}

	@Test
	void withoutAUserTheRoleReadsNothing() throws SQLException {
		try (Connection reader = connect()) {
			assertThat(read(reader, "select session_id::text from ws_sessions")).isEmpty();
			assertThat(read(reader, "select payload::text from ws_events")).isEmpty();
			become(reader, "alice");
			assertThat(read(reader, "select payload::text from ws_events")).hasSize(1);
			// the user is set for the transaction, and not for the connection
			reader.commit();
			assertThat(read(reader, "select session_id::text from ws_sessions")).isEmpty();
			assertThat(read(reader, "select payload::text from ws_events")).isEmpty();
			become(reader, "bob");
			assertThat(read(reader, "select payload ->> 'of' from ws_events")).containsExactly("bob");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "insert into ws_sessions (session_id, user_id) values (gen_random_uuid(), 'alice')",
			"update ws_sessions set user_id = 'alice'", "delete from ws_sessions", "delete from ws_events",
			"update ws_events set payload = '{}'", "truncate ws_events", "select from ws_sessions for update",
			"select from ws_idempotency_keys", "select from ws_live_connections", "select from ws_empty_sessions",
			"select from ws_replies", "select from ws_signals", "select from ws_disconnects", "select from ws_relays" })
	void theRoleHasNoOtherPrivileges(String sql) throws SQLException {
		try (Connection reader = connect(); Statement statement = reader.createStatement()) {
			become(reader, "alice");
			assertThatExceptionOfType(SQLException.class).isThrownBy(() -> statement.execute(sql))
				.withMessageContaining("permission denied");
		}
	}

	private Connection connect() throws SQLException {
		Connection connection = DriverManager.getConnection(this.url);
		try (Statement statement = connection.createStatement()) {
			statement.execute("set role " + this.role);
		}
		connection.setAutoCommit(false);
		return connection;
	}

	private static void become(Connection connection, String user) throws SQLException {
		try (var statement = connection.prepareStatement("select set_config('resumable_ws.user_id', ?, true)")) {
			statement.setString(1, user);
			statement.execute();
		}
	}

	private static List<String> read(Connection connection, String sql) throws SQLException {
		try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(sql)) {
			List<String> values = new ArrayList<>();
			while (rows.next()) {
				values.add(rows.getString(1));
			}
			return values;
		}
	}

}
