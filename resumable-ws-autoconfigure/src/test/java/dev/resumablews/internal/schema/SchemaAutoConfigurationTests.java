package dev.resumablews.internal.schema;

import java.io.IOException;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.internal.datasource.DataSourceChoiceAutoConfiguration;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import dev.resumablews.testing.StartFailure;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.flyway.autoconfigure.FlywayAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.JdbcTemplateAutoConfiguration;
import org.springframework.boot.liquibase.autoconfigure.LiquibaseAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@ExtendWith(OutputCaptureExtension.class)
class SchemaAutoConfigurationTests {

	private static final String[] TABLES = { "ws_connected_nodes", "ws_disconnects", "ws_empty_sessions", "ws_events",
			"ws_idempotency_keys", "ws_live_connections", "ws_relays", "ws_replies", "ws_sessions", "ws_signals" };

	private final String url = TestPostgres.createDatabase();

	private final JdbcTemplate jdbc = new JdbcTemplate(new DriverManagerDataSource(this.url));

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DataSourceAutoConfiguration.class, JdbcTemplateAutoConfiguration.class,
				DataSourceChoiceAutoConfiguration.class, SchemaAutoConfiguration.class))
		.withPropertyValues("spring.datasource.url=" + this.url);

	@Test
	void anEmptyDatabaseGetsTheTables() {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBean(SchemaName.class)).isEqualTo(new SchemaName(""));
			assertThat(tablesIn("public")).containsExactly("ws_connected_nodes", "ws_databasechangelog",
					"ws_databasechangeloglock", "ws_disconnects", "ws_empty_sessions", "ws_events",
					"ws_idempotency_keys", "ws_live_connections", "ws_relays", "ws_replies", "ws_sessions",
					"ws_signals");
		});
	}

	@Test
	void aSecondStartChangesNothing() {
		this.runner.run((context) -> assertThat(context).hasNotFailed());
		this.jdbc.update("insert into ws_sessions (session_id, user_id) values (gen_random_uuid(), 'ann')");
		int changes = count("ws_databasechangelog");
		this.runner.run((context) -> assertThat(context).hasNotFailed());
		assertThat(count("ws_sessions")).isEqualTo(1);
		assertThat(count("ws_databasechangelog")).isEqualTo(changes).isPositive();
	}

	@Test
	void droppedTablesAreCreatedAgain() {
		this.runner.run((context) -> assertThat(context).hasNotFailed());
		this.jdbc.execute("drop schema public cascade; create schema public");
		this.runner.run((context) -> assertThat(tablesIn("public")).contains(TABLES));
	}

	@Test
	void twoNodesCanStartConcurrently() throws Exception {
		ExecutorService nodes = Executors.newFixedThreadPool(2);
		try {
			for (int round = 0; round < 5; round++) {
				String database = TestPostgres.createDatabase();
				ApplicationContextRunner node = this.runner.withPropertyValues("spring.datasource.url=" + database);
				Runnable start = () -> node.run((context) -> assertThat(context).hasNotFailed());
				List<? extends Future<?>> starts = List.of(nodes.submit(start), nodes.submit(start));
				for (Future<?> started : starts) {
					started.get(1, TimeUnit.MINUTES);
				}
				JdbcTemplate other = new JdbcTemplate(new DriverManagerDataSource(database));
				assertThat(other.queryForList("select id from ws_databasechangelog", String.class))
					.doesNotHaveDuplicates()
					.hasSizeGreaterThanOrEqualTo(6);
			}
		}
		finally {
			nodes.shutdownNow();
		}
	}

	@Test
	void theLockOfADeadNodeIsReleased() {
		this.runner.run((context) -> assertThat(context).hasNotFailed());
		this.jdbc.execute("drop table ws_databasechangelog, ws_sessions, ws_events, ws_idempotency_keys, "
				+ "ws_live_connections, ws_replies, ws_connected_nodes, ws_signals");
		assertThat(this.jdbc.update("update ws_databasechangeloglock set locked = true, lockgranted = now(), "
				+ "lockedby = 'a node that died'"))
			.isEqualTo(1);
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(tablesIn("public")).contains(TABLES);
			assertThat(this.jdbc.queryForObject("select locked from ws_databasechangeloglock", Boolean.class))
				.isFalse();
		});
	}

	@Test
	void theWaitForAMigrationOfAnotherNodeTimesOut() throws SQLException {
		try (Connection other = DriverManager.getConnection(this.url);
				HikariDataSource pool = TestPostgres.pool(this.url)) {
			other.setAutoCommit(false);
			other.createStatement().execute("select pg_advisory_xact_lock(hashtextextended('resumable-ws schema', 0))");
			LiquibaseSchemaMigration migration = new LiquibaseSchemaMigration(pool, Duration.ofMillis(200));
			assertThatExceptionOfType(ResumableWsConfigurationException.class)
				.isThrownBy(() -> migration.migrate(new SchemaName("")))
				.withMessageContaining("Another node");
			assertThat(tablesIn("public")).isEmpty();
			other.rollback();
			migration.migrate(new SchemaName(""));
			assertThat(tablesIn("public")).contains(TABLES);
		}
	}

	@Test
	void theApplicationsOwnLiquibaseRunsToo() {
		this.runner.withConfiguration(AutoConfigurations.of(LiquibaseAutoConfiguration.class))
			.withPropertyValues(
					"spring.liquibase.change-log=classpath:dev/resumablews/schema/application-liquibase.sql")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(tablesIn("public")).contains(TABLES)
					.contains("application_orders", "databasechangelog", "ws_databasechangelog");
				assertThat(this.jdbc.queryForList("select id from databasechangelog", String.class))
					.containsExactly("orders");
			});
	}

	@Test
	void theApplicationsOwnFlywayRunsToo() {
		ApplicationContextRunner withFlyway = this.runner
			.withConfiguration(AutoConfigurations.of(FlywayAutoConfiguration.class))
			.withPropertyValues("spring.flyway.locations=classpath:dev/resumablews/schema/application-flyway");
		withFlyway.run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(tablesIn("public")).contains(TABLES).contains("application_orders", "flyway_schema_history");
		});
		withFlyway.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void aPoolOfOneConnectionIsExplained() {
		this.runner
			.withPropertyValues("spring.datasource.hikari.maximum-pool-size=1",
					"spring.datasource.hikari.connection-timeout=250")
			.run((context) -> assertThat(StartFailure.analyze(context.getStartupFailure()).getAction())
				.contains("maximum-pool-size"));
	}

	@Test
	void bootsLiquibaseModuleIsNotNeeded() {
		this.runner.withClassLoader(new WithoutBootsLiquibase())
			.run((context) -> assertThat(tablesIn("public")).contains(TABLES));
	}

	@Test
	void withoutLiquibaseMissingTablesAreExplained() {
		this.runner.withClassLoader(new FilteredClassLoader("liquibase")).run((context) -> {
			assertThat(context).hasFailed();
			FailureAnalysis analysis = StartFailure.analyze(context.getStartupFailure());
			assertThat(analysis.getDescription()).contains("ws_sessions", "Liquibase");
			assertThat(analysis.getAction()).contains("exclusion of org.liquibase:liquibase-core", "001-tables.sql",
					"011-traces.sql", "dev/resumablews/schema/");
		});
	}

	@Test
	void withoutLiquibaseExistingTablesAreUsed() throws IOException {
		runByHand();
		this.runner.withClassLoader(new FilteredClassLoader("liquibase"))
			.run((context) -> assertThat(context).hasNotFailed().hasSingleBean(SchemaName.class));
	}

	@Test
	void aConfiguredSchemaIsCreated() {
		this.runner.withPropertyValues("resumable-ws.schema.name=chat").run((context) -> {
			assertThat(tablesIn("chat")).contains(TABLES).contains("ws_databasechangelog", "ws_databasechangeloglock");
			assertThat(tablesIn("public")).isEmpty();
			SchemaName schema = context.getBean(SchemaName.class);
			assertThat(context.getBean(JdbcTemplate.class)
				.queryForObject(schema.qualify("select count(*) from ws_sessions"), Long.class)).isZero();
			assertThat(searchPathsOfPool(context.getBean(DataSource.class))).containsOnly("\"$user\", public");
		});
	}

	@Test
	void twoSchemasOfOneDatabaseAreSeparate() {
		this.runner.run((context) -> assertThat(context).hasNotFailed());
		this.runner.withPropertyValues("resumable-ws.schema.name=user")
			.run((context) -> assertThat(tablesIn("user")).contains(TABLES));
	}

	@Test
	void anExistingSchemaNeedsNoPrivilegeToCreateSchemas() {
		String role = "app_" + this.url.hashCode();
		this.jdbc.execute("create role \"" + role + "\" login password 'app'; create schema chat; "
				+ "grant all on schema chat to \"" + role + "\"");
		this.runner
			.withPropertyValues("resumable-ws.schema.name=chat",
					"spring.datasource.url=" + this.url.replaceFirst("\\?.*", ""), "spring.datasource.username=" + role,
					"spring.datasource.password=app")
			.run((context) -> assertThat(tablesIn("chat")).contains(TABLES));
	}

	@Test
	void aDisabledLibraryCreatesNothing() {
		this.runner.withPropertyValues("resumable-ws.enabled=false").run((context) -> {
			assertThat(context).doesNotHaveBean(SchemaName.class);
			assertThat(tablesIn("public")).isEmpty();
		});
	}

	@Test
	void rowLevelSecurityIsEnabledForTheLibrarysTablesOnly() {
		this.jdbc.execute("create table application_orders (id bigint)");
		this.runner.run((context) -> assertThat(
				this.jdbc.queryForList("select relname from pg_class where relrowsecurity order by 1", String.class))
			.containsExactly(TABLES));
	}

	@Test
	void onlyTablesWithTransientDataAreUnlogged() {
		this.runner.run((context) -> assertThat(this.jdbc
			.queryForList("select relname from pg_class where relpersistence = 'u' and relkind = 'r'", String.class))
			.containsExactlyInAnyOrder("ws_connected_nodes", "ws_empty_sessions", "ws_live_connections", "ws_signals"));
	}

	@Test
	void aBeanWithAJdbcTemplateFindsTheTablesInItsConstructor() {
		this.runner.withBean(NeedsTables.class)
			.run((context) -> assertThat(context.getBean(NeedsTables.class).sessions).isZero());
	}

	@Test
	void theSqlCanBeRunManually() throws IOException {
		runByHand();
		assertThat(tablesIn("public")).containsExactly(TABLES);
		this.runner.withPropertyValues("resumable-ws.schema.migrate=false")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void theSqlCanBeRunManuallyAgain() throws IOException {
		runByHand();
		this.jdbc.update("insert into ws_sessions (session_id, user_id) values (gen_random_uuid(), 'ann')");
		runByHand();
		assertThat(count("ws_sessions")).isEqualTo(1);
	}

	@Test
	void manuallyCreatedTablesAreAdopted() throws IOException {
		runByHand();
		this.runner.run((context) -> assertThat(context).hasNotFailed());
		assertThat(count("ws_databasechangelog")).isPositive();
	}

	@Test
	void theMigrationCountsExistingEventsOnce() throws IOException {
		for (Resource file : TestPostgres.schemaFiles()) {
			if (String.valueOf(file.getFilename()).startsWith("009")) {
				this.jdbc.execute(
						"""
								insert into ws_sessions (session_id, user_id)
								select uuid_in(md5(n::text)::cstring), 'ann' from generate_series(1, 3) n;
								insert into ws_events (session_id, id, type, payload, payload_bytes, created_at)
								select uuid_in(md5(n::text)::cstring), id, 'tick', '{"a":"\u00e9"}', case when id > 2 then 10 end, now()
								from generate_series(1, 2) n, generate_series(1, 5) id;
								""");
			}
			this.jdbc.execute(file.getContentAsString(StandardCharsets.UTF_8));
		}
		String sizes = "select stored_bytes from ws_sessions order by stored_bytes";
		assertThat(this.jdbc.queryForList(sizes, Long.class)).containsExactly(0L, 50L, 50L);
		this.jdbc.execute("update ws_sessions set stored_bytes = 7");
		runByHand();
		assertThat(this.jdbc.queryForList(sizes, Long.class)).containsExactly(7L, 7L, 7L);
		this.runner.run((context) -> assertThat(context).hasNotFailed());
		assertThat(this.jdbc.queryForList(sizes, Long.class)).containsExactly(7L, 7L, 7L);
	}

	@Test
	void allFilesRunInNumericalOrder() {
		assertThat(SchemaFiles.inOrder()).extracting((path) -> path.substring(SchemaFiles.FOLDER.length()))
			.isEqualTo(TestPostgres.schemaFiles().stream().map(Resource::getFilename).toList())
			.isSorted();
	}

	@Test
	void checksumsOfEarlierVersionsAreAccepted() {
		this.runner.run((context) -> assertThat(context).hasNotFailed());
		this.jdbc.update("update ws_databasechangelog set md5sum = '9:00000000000000000000000000000000' "
				+ "where filename like '%001-tables.sql'");
		this.runner.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void aRoleOtherThanTheOwnerNeedsAGrantAndAPolicy() throws IOException, SQLException {
		String role = "\"reader_" + this.url.hashCode() + "\"";
		String insert = "insert into ws_sessions (session_id, user_id) values (gen_random_uuid(), 'ann')";
		runByHand();
		this.jdbc.execute(insert);
		this.jdbc.execute("create role " + role + "; grant select, insert, update, delete on ws_sessions to " + role);
		try (Connection other = DriverManager.getConnection(this.url); var statement = other.createStatement()) {
			statement.execute("set role " + role);
			assertThat(statement.executeQuery("select from ws_sessions").next()).isFalse();
			assertThatExceptionOfType(SQLException.class).isThrownBy(() -> statement.execute(insert))
				.withMessageContaining("row-level security");
			this.jdbc
				.execute("create policy resumable_ws on ws_sessions to " + role + " using (true) with check (true)");
			assertThat(statement.executeQuery("select from ws_sessions").next()).isTrue();
			assertThat(statement.executeUpdate(insert)).isEqualTo(1);
		}
	}

	@Test
	void aStartLogsNothingOfLiquibase(CapturedOutput output) {
		this.runner.run((context) -> assertThat(output.toString().lines())
			.filteredOn((line) -> line.contains("[main] INFO") || line.contains("[main] WARN"))
			.filteredOn((line) -> line.contains("iquibase") || line.contains("dev.resumablews"))
			.isEmpty());
	}

	@Test
	void theSqlIsPartOfNativeImages() {
		RuntimeHints hints = new RuntimeHints();
		new SchemaRuntimeHints().registerHints(hints, getClass().getClassLoader());
		assertThat(SchemaFiles.inOrder())
			.allSatisfy((file) -> assertThat(RuntimeHintsPredicates.resource().forResource(file)).accepts(hints));
	}

	private List<String> tablesIn(String schema) {
		return this.jdbc.queryForList("select tablename from pg_tables where schemaname = ? order by 1", String.class,
				schema);
	}

	private int count(String table) {
		Integer count = this.jdbc.queryForObject("select count(*) from " + table, Integer.class);
		assertThat(count).isNotNull();
		return count;
	}

	private static List<String> searchPathsOfPool(DataSource pool) throws SQLException {
		try (Connection first = pool.getConnection(); Connection second = pool.getConnection()) {
			return List.of(searchPath(first), searchPath(second));
		}
	}

	private static String searchPath(Connection connection) throws SQLException {
		try (var row = connection.createStatement().executeQuery("show search_path")) {
			row.next();
			return row.getString(1);
		}
	}

	private void runByHand() throws IOException {
		for (Resource file : TestPostgres.schemaFiles()) {
			this.jdbc.execute(file.getContentAsString(StandardCharsets.UTF_8));
		}
	}

	/**
	 * Hides the classes of the module, and the resources that would load them.
	 */
	private static final class WithoutBootsLiquibase extends FilteredClassLoader {

		private WithoutBootsLiquibase() {
			super("org.springframework.boot.liquibase");
		}

		@Override
		public Enumeration<URL> getResources(String name) throws IOException {
			List<URL> resources = Collections.list(super.getResources(name));
			resources.removeIf((resource) -> resource.toString().contains("spring-boot-liquibase"));
			return Collections.enumeration(resources);
		}

	}

	static class NeedsTables {

		private final Long sessions;

		NeedsTables(JdbcTemplate jdbc) {
			this.sessions = jdbc.queryForObject("select count(*) from ws_sessions", Long.class);
		}

	}

}
