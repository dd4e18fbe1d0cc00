package dev.resumablews.internal.schema;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that a migration continues after its node was killed.
 */
@NotUnderFaults("Counts the changes that a migration makes")
class KilledMigrationTests {

	private static final Duration PATIENCE = Duration.ofMinutes(2);

	@Test
	void aNodeKilledBetweenAChangeAndItsRecordDoesNotBreakTheNextStart() throws Exception {
		int changes = changes();
		for (int change = 1; change <= changes; change++) {
			killBetweenChangeAndRecord(new SchemaName((change % 2 == 0) ? "chat" : ""), change);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "ws_databasechangeloglock", "ws_databasechangelog", "ws_sessions", "ws_signals" })
	void aNodeKilledAsSoonAsATableIsVisibleDoesNotBreakTheNextStart(String table) throws Exception {
		String url = TestPostgres.createDatabase();
		JdbcTemplate jdbc = jdbc(url);
		Process node = start(url, new SchemaName(""));
		try {
			await().atMost(PATIENCE).pollInterval(Duration.ofMillis(1)).until(() -> exists(jdbc, table));
		}
		finally {
			kill(node);
		}
		assertNextStartCompletes(url, new SchemaName(""));
	}

	private static void killBetweenChangeAndRecord(SchemaName schema, int change) throws Exception {
		String url = TestPostgres.createDatabase();
		JdbcTemplate jdbc = jdbc(url);
		migrate(url, schema);
		for (String table : SchemaFiles.tables()) {
			jdbc.execute("drop table " + schema.qualify(table));
		}
		String changeLog = schema.value().isEmpty() ? "ws_databasechangelog" : "chat.ws_databasechangelog";
		jdbc.execute("truncate " + changeLog);
		jdbc.execute("""
				create function wait_for_test() returns trigger language plpgsql as $$ begin
					if new.orderexecuted = %d then
						perform pg_advisory_xact_lock(1);
					end if;
					return new;
				end $$;
				create trigger wait_for_test before insert on %s for each row execute function wait_for_test();
				""".formatted(change, changeLog));
		try (Connection test = DriverManager.getConnection(url)) {
			test.createStatement().execute("select pg_advisory_lock(1)");
			Process node = start(url, schema);
			try {
				await().atMost(PATIENCE).until(() -> waits(jdbc));
			}
			finally {
				kill(node);
			}
		}
		assertThat(jdbc.queryForObject("select count(*) from " + changeLog, Integer.class)).isEqualTo(change - 1);
		jdbc.execute("drop function wait_for_test cascade");
		assertNextStartCompletes(url, schema);
	}

	private static void assertNextStartCompletes(String url, SchemaName schema) {
		migrate(url, schema);
		JdbcTemplate jdbc = jdbc(url);
		assertThat(SchemaFiles.tables()).allMatch((table) -> exists(jdbc, schema.qualify(table)));
		assertThat(jdbc.queryForObject("select count(*) from %sws_databasechangelog"
			.formatted(schema.value().isEmpty() ? "" : schema.value() + "."), Integer.class)).isEqualTo(changes());
		migrate(url, schema);
	}

	private static int changes() {
		String url = TestPostgres.createDatabase();
		migrate(url, new SchemaName(""));
		Integer changes = jdbc(url).queryForObject("select count(*) from ws_databasechangelog", Integer.class);
		return (changes != null) ? changes : 0;
	}

	private static void migrate(String url, SchemaName schema) {
		new LiquibaseSchemaMigration(new DriverManagerDataSource(url), PATIENCE).migrate(schema);
	}

	private static boolean waits(JdbcTemplate jdbc) {
		return Boolean.TRUE.equals(jdbc.queryForObject("""
				select exists (select from pg_locks
					where locktype = 'advisory' and not granted
						and database = (select oid from pg_database where datname = current_database()))
				""", Boolean.class));
	}

	private static boolean exists(JdbcTemplate jdbc, String table) {
		return Boolean.TRUE.equals(jdbc.queryForObject("select to_regclass(?) is not null", Boolean.class, table));
	}

	private static JdbcTemplate jdbc(String url) {
		return new JdbcTemplate(new DriverManagerDataSource(url));
	}

	private static Process start(String url, SchemaName schema) throws IOException {
		return new ProcessBuilder(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
				"-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), MigratingNode.class.getName(),
				url, schema.value()))
			.redirectErrorStream(true)
			.redirectOutput(new File((File.separatorChar == '/') ? "/dev/null" : "NUL"))
			.start();
	}

	private static void kill(Process node) throws InterruptedException {
		node.destroyForcibly();
		assertThat(node.waitFor(1, TimeUnit.MINUTES)).isTrue();
	}

	/**
	 * The process that is killed.
	 */
	static final class MigratingNode {

		private MigratingNode() {
		}

		public static void main(String[] arguments) throws SQLException {
			migrate(arguments[0], new SchemaName(arguments[1]));
		}

	}

}
