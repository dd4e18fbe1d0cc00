package com.example.chat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

class LocalPostgresTests {

	@TempDir
	Path folder;

	@Test
	void dataSurvivesARestart() throws Exception {
		write();

		assertThat(read()).isEqualTo(42);
	}

	@Test
	void dataSurvivesAKillOfTheApplicationWhoseServerRunsOn() throws Exception {
		Process application = startAndLeaveRunning();
		ProcessHandle server = server();
		application.destroyForcibly().waitFor();
		assertThat(server.isAlive()).isTrue();

		assertThat(read()).isEqualTo(42);
		assertThat(server.isAlive()).isFalse();
	}

	@Test
	void dataSurvivesAKillOfApplicationAndServer() throws Exception {
		Process application = startAndLeaveRunning();
		ProcessHandle server = server();
		application.destroyForcibly().waitFor();
		server.destroyForcibly();
		server.onExit().get(30, TimeUnit.SECONDS);

		assertThat(read()).isEqualTo(42);
	}

	@Test
	void aProcessThatGotTheNumberOfADeadServerIsLeftAlone() throws Exception {
		write();
		Path pidFile = this.folder.resolve("postgres/postmaster.pid");
		Files.writeString(pidFile, ProcessHandle.current().pid() + "\n" + this.folder.resolve("postgres") + "\n");

		assertThat(read()).isEqualTo(42);
	}

	@Test
	void aSecondApplicationIsToldThatTheFolderIsInUse() {
		DataFolder data = new DataFolder(this.folder);
		try (LocalPostgres first = LocalPostgres.start(data)) {
			assertThatIllegalStateException().isThrownBy(() -> LocalPostgres.start(data))
				.withMessageContainingAll("Another application", "chat.data-dir", "spring.datasource.url");
			assertThat(first.jdbcUrl()).isNotEmpty();
		}
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
		try (Connection connection = DriverManager.getConnection(postgres.jdbcUrl())) {
			connection.createStatement().execute("create table kept as select 42 as answer");
		}
	}

	private int read() throws Exception {
		try (LocalPostgres postgres = LocalPostgres.start(new DataFolder(this.folder));
				Connection connection = DriverManager.getConnection(postgres.jdbcUrl());
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
