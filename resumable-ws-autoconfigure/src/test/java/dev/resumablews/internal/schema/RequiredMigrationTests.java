package dev.resumablews.internal.schema;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URL;
import java.net.URLClassLoader;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import javax.sql.DataSource;

import dev.resumablews.internal.datasource.ChosenDataSource;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@NotUnderFaults("Counts statements")
class RequiredMigrationTests {

	private static final SchemaName PUBLIC = new SchemaName("");

	private final String url = TestPostgres.createDatabase();

	private final DataSource database = new DriverManagerDataSource(this.url);

	private final JdbcTemplate jdbc = new JdbcTemplate(this.database);

	private final List<String> statements = Collections.synchronizedList(new ArrayList<>());

	@ParameterizedTest
	@ValueSource(strings = { "", "chat" })
	void anUpToDateSchemaCostsOneQuery(String name) {
		SchemaName schema = new SchemaName(name);
		migrate(schema);
		assertThat(this.statements).hasSizeGreaterThan(50);
		this.statements.clear();
		migrate(schema);
		assertThat(this.statements).singleElement()
			.asString()
			.startsWith("select set_config")
			.contains("databasechangelog");
	}

	@Test
	void anUpToDateSchemaLoadsNoClassOfLiquibase() throws Exception {
		migrate(PUBLIC);
		try (Counting classes = new Counting()) {
			Class<?> start = classes.loadClass(Start.class.getName());
			start.getMethod("main", String[].class).invoke(null, (Object) new String[] { this.url });
			assertThat(classes.loaded).contains(RequiredMigration.class.getName()).noneMatch(Counting::isLiquibase);
			this.jdbc.update("delete from ws_databasechangelog where id = 'relays'");
			start.getMethod("main", String[].class).invoke(null, (Object) new String[] { this.url });
			assertThat(classes.loaded).anyMatch(Counting::isLiquibase);
		}
	}

	@Test
	void aMissingChangeSetIsRun() {
		migrate(PUBLIC);
		this.jdbc.execute("drop table ws_relays; delete from ws_databasechangelog where id = 'relays'");
		migrate(PUBLIC);
		assertThat(count("ws_relays")).isZero();
		assertThat(count("ws_databasechangelog where id = 'relays'")).isEqualTo(1);
	}

	@Test
	void aSchemaOfANewerVersionIsUpToDate() {
		migrate(PUBLIC);
		this.jdbc.execute("""
				insert into ws_databasechangelog (id, author, filename, dateexecuted, orderexecuted, exectype)
				values ('tomorrow', 'resumable-ws', 'dev/resumablews/schema/999-tomorrow.sql', now(), 999, 'EXECUTED')
				""");
		this.statements.clear();
		migrate(PUBLIC);
		assertThat(this.statements).hasSize(1);
		assertThat(count("ws_databasechangelog where id = 'tomorrow'")).isEqualTo(1);
	}

	@Test
	void theLockOfAKilledNodeDoesNotDelayAStartWithAnUpToDateSchema() {
		migrate(PUBLIC);
		this.jdbc.update("update ws_databasechangeloglock set locked = true, lockgranted = now(), lockedby = 'killed'");
		this.statements.clear();
		migrate(PUBLIC);
		assertThat(this.statements).hasSize(1);
		this.jdbc.execute("drop table ws_relays; delete from ws_databasechangelog where id = 'relays'");
		migrate(PUBLIC);
		assertThat(count("ws_relays")).isZero();
	}

	@Test
	void nodesThatStartConcurrentlyAllFindTheTables() {
		List<CompletableFuture<Void>> starts = IntStream.range(0, 4)
			.mapToObj((node) -> CompletableFuture.runAsync(() -> {
				migrate(PUBLIC);
				assertThat(count("ws_relays")).isZero();
			}))
			.toList();
		assertThat(starts).allSatisfy((start) -> assertThat(start).succeedsWithin(Duration.ofMinutes(2)));
		assertThat(this.jdbc.queryForList("select id from ws_databasechangelog", String.class)).doesNotHaveDuplicates()
			.hasSameSizeAs(ChangeSets.read());
	}

	@Test
	void theChangeSetsAreThoseThatLiquibaseRecords() {
		migrate(PUBLIC);
		assertThat(this.jdbc.queryForList("select filename || '::' || id from ws_databasechangelog", String.class))
			.containsExactlyInAnyOrderElementsOf(ChangeSets.read());
	}

	@Test
	void aRecordedTableThatIsMissingIsNamed() {
		migrate(PUBLIC);
		this.jdbc.execute("drop table ws_relays");
		assertThatExceptionOfType(ResumableWsConfigurationException.class).isThrownBy(() -> migrate(PUBLIC))
			.withMessageContaining("ws_relays")
			.withMessageContaining("drop table ws_databasechangelog");
		this.jdbc.execute("drop table ws_databasechangelog");
		migrate(PUBLIC);
		assertThat(count("ws_relays")).isZero();
	}

	private void migrate(SchemaName schema) {
		new RequiredMigration(new ChosenDataSource(recording(this.database), this.url, true),
				getClass().getClassLoader())
			.migrate(schema);
	}

	private int count(String from) {
		Integer count = this.jdbc.queryForObject("select count(*) from " + from, Integer.class);
		return (count != null) ? count : -1;
	}

	/**
	 * Records the SQL of each executed statement.
	 */
	private DataSource recording(DataSource target) {
		return wrap(DataSource.class, target, "");
	}

	@SuppressWarnings("unchecked")
	private <T> T wrap(Class<T> type, Object target, String sql) {
		return (T) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { type },
				(proxy, method, arguments) -> {
					String text = (arguments != null && arguments.length > 0 && arguments[0] instanceof String given)
							? given : sql;
					if (method.getName().startsWith("execute")) {
						this.statements.add(text);
					}
					try {
						Object result = method.invoke(target, arguments);
						if (method.getReturnType() == Connection.class && type == DataSource.class) {
							return wrap(Connection.class, result, "");
						}
						if (method.getReturnType() == PreparedStatement.class) {
							return wrap(PreparedStatement.class, result, text);
						}
						if (method.getReturnType() == Statement.class && method.getName().equals("createStatement")) {
							return wrap(Statement.class, result, "");
						}
						return result;
					}
					catch (InvocationTargetException ex) {
						throw ex.getCause();
					}
				});
	}

	/**
	 * Starts a node in a separate class loader.
	 */
	public static final class Start {

		private Start() {
		}

		public static void main(String[] arguments) {
			new RequiredMigration(new ChosenDataSource(new DriverManagerDataSource(arguments[0]), null, true),
					Start.class.getClassLoader())
				.migrate(PUBLIC);
		}

	}

	/**
	 * Loads the classes of the library and of Liquibase itself, and records their names.
	 */
	private static final class Counting extends URLClassLoader {

		private final List<String> loaded = Collections.synchronizedList(new ArrayList<>());

		Counting() {
			super(new URL[0], RequiredMigrationTests.class.getClassLoader());
		}

		static boolean isLiquibase(String name) {
			return name.startsWith("liquibase.");
		}

		@Override
		protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
			if (isLiquibase(name)) {
				this.loaded.add(name);
			}
			if (!name.startsWith("dev.resumablews.")) {
				return super.loadClass(name, resolve);
			}
			synchronized (getClassLoadingLock(name)) {
				Class<?> loaded = findLoadedClass(name);
				return (loaded != null) ? loaded : define(name);
			}
		}

		private Class<?> define(String name) throws ClassNotFoundException {
			try (InputStream code = getResourceAsStream(name.replace('.', '/') + ".class")) {
				if (code == null) {
					throw new ClassNotFoundException(name);
				}
				byte[] bytes = code.readAllBytes();
				this.loaded.add(name);
				return defineClass(name, bytes, 0, bytes.length);
			}
			catch (IOException ex) {
				throw new ClassNotFoundException(name, ex);
			}
		}

	}

}
