package com.example.chat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assumptions.assumeThat;

class LocalPostgresTests {

	@TempDir
	Path folder;

	@Test
	void dataSurvivesARestart() throws Exception {
		write();

		assertThat(read()).isEqualTo(42);
	}

	@Test
	void dataSurvivesAKillThatLeavesTheServerRunning() throws Exception {
		Process application = startAndLeaveRunning();
		ProcessHandle server = server();
		application.destroyForcibly().waitFor();
		assertThat(server.isAlive()).isTrue();

		assertThat(read()).isEqualTo(42);
		assertThat(server.isAlive()).isFalse();
	}

	@Test
	void dataSurvivesAKillOfTheApplicationAndTheServer() throws Exception {
		Process application = startAndLeaveRunning();
		ProcessHandle server = server();
		application.destroyForcibly().waitFor();
		server.destroyForcibly();
		server.onExit().get(30, TimeUnit.SECONDS);

		assertThat(read()).isEqualTo(42);
	}

	@Test
	void anUnrelatedProcessWithTheIdOfADeadServerIsNotStopped() throws Exception {
		write();
		Path pidFile = this.folder.resolve("postgres/postmaster.pid");
		Files.writeString(pidFile, ProcessHandle.current().pid() + "\n" + this.folder.resolve("postgres") + "\n");

		assertThat(read()).isEqualTo(42);
	}

	@Test
	void aSecondApplicationCannotUseTheFolder() {
		DataFolder data = new DataFolder(this.folder);
		try (LocalPostgres first = LocalPostgres.start(data)) {
			assertThatIllegalStateException().isThrownBy(() -> LocalPostgres.start(data))
				.withMessageContainingAll("Another application", "chat.data-dir", "spring.datasource.url");
			assertThat(first.jdbcUrl()).isNotEmpty();
		}
	}

	@Test
	void noRoleCanConnectWithoutThePassword() {
		try (LocalPostgres postgres = LocalPostgres.start(new DataFolder(this.folder))) {
			for (String role : List.of(PostgresAccess.SUPERUSER, PostgresAccess.ROLE)) {
				assertThatExceptionOfType(SQLException.class).as(role)
					.isThrownBy(() -> DriverManager.getConnection(postgres.jdbcUrl(), role, "guess"))
					.extracting(SQLException::getSQLState)
					.asString()
					.startsWith("28");
			}
			assertThatExceptionOfType(SQLException.class).as("the superuser with the application's password")
				.isThrownBy(() -> DriverManager.getConnection(postgres.jdbcUrl(), PostgresAccess.SUPERUSER,
						postgres.password()))
				.extracting(SQLException::getSQLState)
				.asString()
				.startsWith("28");
		}
	}

	@Test
	void theRoleOfTheApplicationCannotRunPrograms() throws Exception {
		try (LocalPostgres postgres = LocalPostgres.start(new DataFolder(this.folder));
				Connection connection = connect(postgres);
				Statement statement = connection.createStatement()) {
			assertThatExceptionOfType(SQLException.class)
				.isThrownBy(() -> statement.execute("copy (select 1) to program 'cat'"))
				.withMessageContaining("permission denied");
			assertThatExceptionOfType(SQLException.class)
				.isThrownBy(() -> statement.execute("alter role chat superuser"))
				.withMessageContaining("permission denied");
		}
	}

	@Test
	void otherAccountsCannotReadThePasswordOrReplaceTheBinaries() throws Exception {
		assumeThat(Files.getFileAttributeView(this.folder, PosixFileAttributeView.class)).isNotNull();
		DataFolder data = new DataFolder(this.folder);

		write();

		assertThat(permissions(data.postgresPassword())).isEqualTo("rw-------");
		assertThat(permissions(data.postgres())).isEqualTo("rwx------");
		assertThat(permissions(data.postgresPrograms())).isEqualTo("rwx------");
		assertThat(data.postgresPrograms()).isNotEmptyDirectory();
	}

	@Test
	void dataOfAnEarlierVersionIsKeptAndProtected() throws Exception {
		try (EmbeddedPostgres open = EmbeddedPostgres.builder()
			.setDataDirectory(this.folder.resolve("postgres"))
			.setCleanDataDirectory(false)
			.start(); Connection connection = open.getPostgresDatabase().getConnection()) {
			connection.createStatement().execute("""
					create table kept (id bigint generated always as identity, answer int);
					insert into kept (answer) values (42);
					alter table kept enable row level security
					""");
		}

		assertThat(read()).isEqualTo(42);
		try (LocalPostgres postgres = LocalPostgres.start(new DataFolder(this.folder));
				Connection connection = connect(postgres)) {
			connection.createStatement().execute("alter table kept add column more int");
			connection.createStatement().execute("insert into kept (answer) values (43)");
		}
		noRoleCanConnectWithoutThePassword();
	}

	@Test
	void aLostPasswordIsReplaced() throws Exception {
		write();
		Path password = new DataFolder(this.folder).postgresPassword();
		String lost = Files.readString(password);
		Files.delete(password);

		assertThat(read()).isEqualTo(42);
		assertThat(password).content().isNotEqualTo(lost);
		noRoleCanConnectWithoutThePassword();
	}

	private static String permissions(Path path) throws IOException {
		return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
	}

	private static Connection connect(LocalPostgres postgres) throws SQLException {
		return DriverManager.getConnection(postgres.jdbcUrl(), postgres.username(), postgres.password());
	}

	private Process startAndLeaveRunning() throws Exception {
		ProcessBuilder command = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-cp",
				System.getProperty("java.class.path"), Application.class.getName(), this.folder.toString());
		Process application = command.redirectError(ProcessBuilder.Redirect.INHERIT).start();
		try (var output = application.inputReader()) {
			assertThat(output.lines().anyMatch("written"::equals)).isTrue();
		}
		return application;
	}

	private ProcessHandle server() throws Exception {
		List<String> lines = Files.readAllLines(this.folder.resolve("postgres/postmaster.pid"));
		return ProcessHandle.of(Long.parseLong(lines.get(0).strip())).orElseThrow();
	}

	private void write() throws Exception {
		try (LocalPostgres postgres = LocalPostgres.start(new DataFolder(this.folder))) {
			write(postgres);
		}
	}

	private static void write(LocalPostgres postgres) throws Exception {
		try (Connection connection = connect(postgres)) {
			connection.createStatement().execute("create table kept as select 42 as answer");
		}
	}

	private int read() throws Exception {
		try (LocalPostgres postgres = LocalPostgres.start(new DataFolder(this.folder));
				Connection connection = connect(postgres);
				ResultSet rows = connection.createStatement().executeQuery("select answer from kept")) {
			assertThat(rows.next()).isTrue();
			return rows.getInt(1);
		}
	}

	/**
	 * An application that waits to be killed.
	 */
	static final class Application {

		private Application() {
		}

		public static void main(String[] args) throws Exception {
			LocalPostgres postgres = LocalPostgres.start(new DataFolder(Path.of(args[0])));
			write(postgres);
			System.out.println("written");
			Thread.currentThread().join();
		}

	}

}
