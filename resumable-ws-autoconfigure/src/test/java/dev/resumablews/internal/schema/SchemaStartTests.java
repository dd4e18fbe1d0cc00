package dev.resumablews.internal.schema;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;

import dev.resumablews.internal.datasource.DataSourceChoiceAutoConfiguration;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.RestartablePostgres;
import dev.resumablews.testing.StartFailure;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.core.io.Resource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests starts that fail with a message of two sentences, and starts that follow its
 * advice.
 */
@NotUnderFaults("Starts on databases that are at fault already")
class SchemaStartTests {

	private static final String MIGRATE_BY_HAND = "resumable-ws.schema.migrate=false";

	private final String url = TestPostgres.createDatabase();

	private final JdbcTemplate jdbc = new JdbcTemplate(new DriverManagerDataSource(this.url));

	private final String role = "app_" + this.url.replaceFirst("\\?.*", "").replaceFirst(".*/", "");

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DataSourceAutoConfiguration.class,
				DataSourceChoiceAutoConfiguration.class, SchemaAutoConfiguration.class))
		.withPropertyValues("spring.datasource.url=" + this.url, "spring.datasource.hikari.connection-timeout=2000");

	@Test
	void aRoleThatCannotCreateTablesIsNamedWithTheMissingPrivilege() {
		FailureAnalysis analysis = analyze(asRole());
		assertThat(analysis.getDescription()).contains("Role " + this.role, "may not create", "permission denied",
				"public");
		assertThat(analysis.getAction()).contains("create schema chat authorization " + this.role,
				"resumable-ws.schema.name=chat", MIGRATE_BY_HAND);
		this.jdbc.execute("create schema chat authorization " + this.role);
		asRole().withPropertyValues("resumable-ws.schema.name=chat")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void aRoleThatCannotCreateTheSchemaIsNamed() {
		FailureAnalysis analysis = analyze(asRole().withPropertyValues("resumable-ws.schema.name=talk"));
		assertThat(analysis.getDescription()).contains("Role " + this.role, "permission denied for database");
		assertThat(analysis.getAction()).contains("create schema talk authorization " + this.role);
	}

	@Test
	void tablesOfAnotherOwnerWithoutAChangeLogAreExplained() throws IOException {
		runFiles(99);
		ApplicationContextRunner start = asRole();
		this.jdbc.execute("grant create on schema public to public");
		FailureAnalysis analysis = analyze(start);
		assertThat(analysis.getDescription()).contains("Role " + this.role, "must be owner of table ws_sessions");
		assertThat(analysis.getAction()).contains(MIGRATE_BY_HAND);
	}

	@Test
	void aReservedSchemaNameIsExplained() {
		FailureAnalysis analysis = analyze(this.runner.withPropertyValues("resumable-ws.schema.name=pg_chat"));
		assertThat(analysis.getDescription()).contains("pg_chat");
		assertThat(analysis.getAction()).contains("resumable-ws.schema.name", "pg_");
	}

	@Test
	void aDatabaseThatDoesNotExistIsExplained() {
		FailureAnalysis analysis = analyze(this.runner
			.withPropertyValues("spring.datasource.url=" + this.url.replaceFirst("/[^/?]+\\?", "/no_such_database?")));
		assertThat(analysis.getDescription()).contains("no_such_database").doesNotContain("password");
		assertThat(analysis.getAction()).contains("spring.datasource.url");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void anUnavailablePostgresIsExplained(boolean migrate) throws IOException {
		int port;
		try (ServerSocket socket = new ServerSocket(0)) {
			port = socket.getLocalPort();
		}
		FailureAnalysis analysis = analyze(this.runner.withPropertyValues("resumable-ws.schema.migrate=" + migrate,
				"spring.datasource.url=jdbc:postgresql://localhost:" + port + "/app?password=secret"));
		assertThat(analysis.getDescription()).contains("jdbc:postgresql://localhost:" + port + "/app", "refused")
			.doesNotContain("secret");
		assertThat(analysis.getAction()).contains("spring.datasource.url");
	}

	@Test
	void aWrongPasswordIsExplained() throws IOException {
		try (RestartablePostgres postgres = RestartablePostgres.start()) {
			JdbcTemplate admin = new JdbcTemplate(new DriverManagerDataSource(postgres.url()));
			admin.execute("create role app login password 'right'");
			String file = admin.queryForObject("show hba_file", String.class);
			admin.execute("copy (select * from (values ('host all app all scram-sha-256'), ('host all all all trust')) "
					+ "as lines (line)) to '" + file + "'");
			admin.execute("select pg_reload_conf()");
			ApplicationContextRunner login = this.runner.withPropertyValues(
					"spring.datasource.url=" + postgres.url().replaceFirst("\\?.*", ""),
					"spring.datasource.username=app", "spring.datasource.password=wrong-password");
			FailureAnalysis analysis = analyze(login);
			assertThat(analysis.getDescription()).contains("password authentication failed", "\"app\"")
				.doesNotContain("wrong-password");
			assertThat(analysis.getAction()).contains("spring.datasource.username", "spring.datasource.password");
		}
	}

	@Test
	void aReadOnlyPoolIsExplained() {
		FailureAnalysis analysis = analyze(this.runner.withPropertyValues("spring.datasource.hikari.read-only=true"));
		assertThat(analysis.getDescription()).contains("read-only");
		assertThat(analysis.getAction()).contains("spring.datasource.hikari.read-only");
	}

	@Test
	void withoutMigrationAnEmptyDatabaseFailsTheStart() {
		FailureAnalysis analysis = analyze(this.runner.withPropertyValues(MIGRATE_BY_HAND));
		assertThat(analysis.getDescription()).contains("ws_sessions", "resumable-ws.schema.migrate is false");
		assertThat(analysis.getAction()).contains("001-tables.sql", "011-traces.sql",
				"resumable-ws.schema.migrate=true");
	}

	@Test
	void withoutMigrationAWrongSchemaFailsTheStart() throws IOException {
		runFiles(99);
		FailureAnalysis analysis = analyze(
				this.runner.withPropertyValues(MIGRATE_BY_HAND, "resumable-ws.schema.name=chat"));
		assertThat(analysis.getDescription()).contains("ws_sessions", "'chat'", "resumable-ws.schema.name");
	}

	@Test
	void withoutMigrationAMissingFileIsNamed() throws IOException {
		List<Resource> files = TestPostgres.schemaFiles();
		for (int count = 1; count < files.size(); count++) {
			this.jdbc.execute("drop schema public cascade; create schema public");
			runFiles(count);
			FailureAnalysis analysis = analyze(this.runner.withPropertyValues(MIGRATE_BY_HAND));
			assertThat(analysis.getAction()).contains("Run " + files.get(count).getFilename())
				.doesNotContain(String.valueOf(files.get(count - 1).getFilename()));
		}
	}

	@Test
	void everyFileCanBeDetected() {
		assertThat(FileWitness.all()).extracting((witness) -> SchemaFiles.FOLDER + witness.file())
			.isEqualTo(SchemaFiles.inOrder());
	}

	@Test
	void withoutMigrationAMissingPrivilegeFailsTheStart() throws IOException {
		runFiles(99);
		ApplicationContextRunner start = asRole().withPropertyValues(MIGRATE_BY_HAND);

		FailureAnalysis nothing = analyze(start);
		assertThat(nothing.getDescription()).contains("\"" + this.role + "\"", "delete, insert, select, update",
				"ws_sessions");
		assertThat(nothing.getAction()).contains("grant select, insert, update, delete on");

		this.jdbc.execute("grant select, insert, update, delete on all tables in schema public to " + this.role);
		FailureAnalysis granted = analyze(start);
		assertThat(granted.getDescription()).contains("Row-level security", "\"" + this.role + "\"", "ws_sessions");
		assertThat(granted.getAction()).contains("create policy");

		for (String table : SchemaFiles.tables()) {
			this.jdbc.execute(
					"create policy resumable_ws on " + table + " to " + this.role + " using (true) with check (true)");
		}
		start.run((context) -> assertThat(context).hasNotFailed());

		this.jdbc.execute("drop policy resumable_ws on ws_events; create policy own_rows on ws_events to " + this.role
				+ " using (false) with check (true)");
		FailureAnalysis hidden = analyze(start);
		assertThat(hidden.getDescription()).contains("ws_events", "cannot access a row that it has just stored");
		assertThat(hidden.getAction()).contains("policies");

		this.jdbc.execute("alter policy own_rows on ws_events using (true) with check (false)");
		assertThat(analyze(start).getDescription()).contains("row-level security policy", "ws_events");
		assertThat(this.jdbc.queryForObject("select count(*) from ws_sessions", Long.class)).isZero();
	}

	@Test
	void withoutMigrationASchemaWithoutUsagePrivilegeFailsTheStart() throws IOException {
		this.jdbc.execute("create schema chat; set search_path = chat");
		JdbcTemplate inSchema = new JdbcTemplate(new DriverManagerDataSource(this.url + "&currentSchema=chat"));
		for (Resource file : TestPostgres.schemaFiles()) {
			inSchema.execute(file.getContentAsString(StandardCharsets.UTF_8));
		}
		FailureAnalysis analysis = analyze(
				asRole().withPropertyValues(MIGRATE_BY_HAND, "resumable-ws.schema.name=chat"));
		assertThat(analysis.getDescription()).contains("may not use the schema chat");
		assertThat(analysis.getAction()).contains("grant usage on schema chat");
	}

	@Test
	void theCheckChangesNothing() throws IOException {
		runFiles(99);
		this.runner.withPropertyValues(MIGRATE_BY_HAND).run((context) -> {
			assertThat(context).hasNotFailed();
			for (String table : SchemaFiles.tables()) {
				assertThat(this.jdbc.queryForObject("select count(*) from " + table, Long.class)).isZero();
			}
		});
	}

	@Test
	void migrationCanBeEnabledLater() throws IOException {
		runFiles(99);
		this.runner.withPropertyValues(MIGRATE_BY_HAND).run((context) -> assertThat(context).hasNotFailed());
		this.runner.run((context) -> assertThat(context).hasNotFailed());
		this.runner.withPropertyValues(MIGRATE_BY_HAND).run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void flywayCanBeAddedLater() {
		this.runner.run((context) -> assertThat(context).hasNotFailed());
		ApplicationContextRunner withFlyway = withFlyway();
		FailureAnalysis analysis = analyze(withFlyway);
		assertThat(analysis.getDescription()).contains("Flyway", "resumable-ws", "public");
		assertThat(analysis.getAction()).contains("spring.flyway.baseline-on-migrate=true",
				"spring.flyway.baseline-version=0", "resumable-ws.schema.name");
		withFlyway.withPropertyValues("spring.flyway.baseline-on-migrate=true", "spring.flyway.baseline-version=0")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(
						this.jdbc.queryForObject("select to_regclass('application_orders') is not null", Boolean.class))
					.isTrue();
			});
	}

	@Test
	void flywayAddedLaterAcceptsTablesInASeparateSchema() {
		String ownSchema = "resumable-ws.schema.name=chat";
		this.runner.withPropertyValues(ownSchema).run((context) -> assertThat(context).hasNotFailed());
		withFlyway().withPropertyValues(ownSchema).run((context) -> assertThat(context).hasNotFailed());
	}

	private ApplicationContextRunner withFlyway() {
		return this.runner.withConfiguration(AutoConfigurations.of(FlywayAutoConfiguration.class))
			.withPropertyValues("spring.flyway.locations=classpath:dev/resumablews/schema/application-flyway");
	}

	/**
	 * Returns an application that connects as a role that owns no tables.
	 */
	private ApplicationContextRunner asRole() {
		if (this.jdbc.queryForList("select from pg_roles where rolname = ?", this.role).isEmpty()) {
			this.jdbc.execute("create role " + this.role + " login password 'app'");
			this.jdbc.execute("revoke create on schema public from public");
		}
		return this.runner.withPropertyValues("spring.datasource.url=" + this.url.replaceFirst("\\?.*", ""),
				"spring.datasource.username=" + this.role, "spring.datasource.password=app");
	}

	private void runFiles(int count) throws IOException {
		for (Resource file : TestPostgres.schemaFiles().stream().limit(count).toList()) {
			this.jdbc.execute(file.getContentAsString(StandardCharsets.UTF_8));
		}
	}

	private static FailureAnalysis analyze(ApplicationContextRunner start) {
		FailureAnalysis[] analysis = new FailureAnalysis[1];
		start.run((context) -> analysis[0] = StartFailure.analyze(context.getStartupFailure()));
		assertThat(analysis[0].getDescription().lines()).hasSize(1);
		assertThat(analysis[0].getAction().lines()).hasSize(1);
		return analysis[0];
	}

}
