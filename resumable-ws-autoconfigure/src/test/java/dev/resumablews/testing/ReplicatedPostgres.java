package dev.resumablews.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.jspecify.annotations.Nullable;

import org.springframework.util.FileSystemUtils;

import static org.awaitility.Awaitility.await;

/**
 * A primary and a streaming standby, behind one address that always leads to the primary.
 * Not thread-safe.
 */
public final class ReplicatedPostgres implements AutoCloseable {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final String STANDBY = "standby";

	private final Path directory;

	private final ChaosProxy address;

	private int servers;

	private Server primary;

	private @Nullable Server standby;

	private @Nullable Path backup;

	private ReplicatedPostgres(Path directory) throws IOException {
		this.directory = directory;
		this.primary = launch(directory.resolve("data-0"));
		this.address = ChaosProxy.to(this.primary.port());
	}

	/**
	 * Starts a primary, without a standby yet.
	 */
	public static ReplicatedPostgres start() {
		try {
			return new ReplicatedPostgres(Files.createTempDirectory("replicated-postgres"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Returns the JDBC URL of the address that leads to the primary.
	 */
	public String url() {
		return url(this.address.port());
	}

	/**
	 * Creates a standby from a copy of the primary, and waits until it streams.
	 */
	public void attachStandby() {
		try {
			Path data = this.directory.resolve("data-" + ++this.servers);
			copyPrimary(data);
			Files.createFile(data.resolve("standby.signal"));
			Files.writeString(data.resolve("postgresql.auto.conf"),
					"primary_conninfo = 'host=localhost port=%d user=postgres application_name=%s'%n"
						.formatted(this.primary.port(), STANDBY),
					StandardOpenOption.TRUNCATE_EXISTING);
			this.standby = launch(data);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		await().atMost(PATIENCE)
			.until(() -> !query(this.primary, "select 1 from pg_stat_replication where state = 'streaming'").isEmpty());
	}

	/**
	 * Enables synchronous replication, so that a promotion loses no visible commit.
	 */
	public void synchronous() {
		execute(this.primary, "alter system set synchronous_standby_names = '" + STANDBY + "'");
		execute(this.primary, "select pg_reload_conf()");
		await().atMost(PATIENCE)
			.until(() -> !query(this.primary, "select 1 from pg_stat_replication where sync_state = 'sync'").isEmpty());
	}

	/**
	 * Disconnects the standby from the primary. A failover loses all later commits.
	 */
	public void cutOff() {
		Server standby = standby();
		execute(standby, "alter system set primary_conninfo = ''");
		execute(standby, "select pg_reload_conf()");
		await().atMost(PATIENCE).until(() -> query(this.primary, "select 1 from pg_stat_replication").isEmpty());
	}

	/**
	 * Kills the primary, promotes the standby, and redirects the address to it.
	 */
	public void failOver() {
		Server old = this.primary;
		Server next = standby();
		this.address.refuse();
		old.kill();
		execute(next, "select pg_promote(true, 60)");
		execute(next, "alter system reset primary_conninfo");
		this.primary = next;
		this.standby = null;
		this.address.cutAll();
		this.address.retarget(next.port());
		this.address.acceptAgain();
		old.delete();
	}

	/**
	 * Copies the data of the primary.
	 */
	public void backUp() {
		try {
			Path data = this.directory.resolve("data-" + ++this.servers);
			copyPrimary(data);
			this.backup = data;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Restores the copy on the same timeline, as from a snapshot of the files.
	 */
	public void restore() {
		Path data = this.backup;
		if (data == null) {
			throw new IllegalStateException("There is no backup");
		}
		Server old = this.primary;
		this.address.refuse();
		old.kill();
		try {
			this.primary = launch(data);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		this.address.cutAll();
		this.address.retarget(this.primary.port());
		this.address.acceptAgain();
		old.delete();
	}

	/**
	 * Runs a query on the primary.
	 * @return the only column of the only row
	 */
	public String query(String sql) {
		return query(this.primary, sql);
	}

	/**
	 * Runs a query on the standby.
	 * @return the only column of the only row
	 */
	public String queryStandby(String sql) {
		return query(standby(), sql);
	}

	@Override
	public void close() throws IOException {
		this.address.close();
		this.primary.kill();
		if (this.standby != null) {
			this.standby.kill();
		}
		FileSystemUtils.deleteRecursively(this.directory);
	}

	private Server standby() {
		Server standby = this.standby;
		if (standby == null) {
			throw new IllegalStateException("There is no standby");
		}
		return standby;
	}

	/**
	 * Copies the files of the running primary as a base backup does. Changes during the
	 * copy are in the write-ahead log, which is copied last.
	 */
	private void copyPrimary(Path data) throws IOException {
		try (Connection connection = DriverManager.getConnection(url(this.primary.port()));
				Statement statement = connection.createStatement()) {
			statement.execute("select pg_backup_start('standby', true)");
			run("cp", "-a", this.primary.data().toString(), data.toString());
			try (ResultSet label = statement.executeQuery("select labelfile from pg_backup_stop(false)")) {
				label.next();
				Files.writeString(data.resolve("backup_label"), label.getString(1), StandardCharsets.UTF_8);
			}
			run("cp", "-a", this.primary.data().resolve("pg_wal") + "/.", data.resolve("pg_wal").toString());
			for (String file : List.of("postmaster.pid", "postmaster.opts", "epg-lock", "standby.signal")) {
				Files.deleteIfExists(data.resolve(file));
			}
		}
		catch (SQLException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static void run(String... command) throws IOException {
		try {
			// a file that is removed during the copy is not needed
			new ProcessBuilder(command).redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start()
				.waitFor();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private static Server launch(Path data) throws IOException {
		EmbeddedPostgres postgres = EmbeddedPostgres.builder()
			.setDataDirectory(data)
			.setCleanDataDirectory(false)
			.setRegisterShutdownHook(false)
			.setPGStartupWait(PATIENCE)
			.setServerConfig("max_connections", "100")
			.setServerConfig("synchronous_commit", "on")
			.setServerConfig("max_wal_senders", "5")
			.setServerConfig("wal_level", "replica")
			.setServerConfig("wal_keep_size", "256MB")
			.setServerConfig("hot_standby", "on")
			.start();
		return new Server(data, postgres);
	}

	private static String url(int port) {
		return "jdbc:postgresql://localhost:" + port + "/postgres?user=postgres";
	}

	private static void execute(Server server, String sql) {
		query(server, sql);
	}

	private static String query(Server server, String sql) {
		try (Connection connection = DriverManager.getConnection(url(server.port()));
				Statement statement = connection.createStatement()) {
			if (!statement.execute(sql)) {
				return "";
			}
			try (ResultSet rows = statement.getResultSet()) {
				return rows.next() ? String.valueOf(rows.getString(1)) : "";
			}
		}
		catch (SQLException ex) {
			throw new IllegalStateException(sql, ex);
		}
	}

	/**
	 * A running Postgres.
	 */
	private record Server(Path data, EmbeddedPostgres postgres) {

		int port() {
			return this.postgres.getPort();
		}

		/**
		 * Kills all processes of the server at once, as a power failure does. A backend
		 * that outlived the postmaster would expose commits that still wait for the
		 * standby.
		 */
		void kill() {
			try {
				String pid = Files.readAllLines(this.data.resolve("postmaster.pid")).get(0).trim();
				signal("-STOP", List.of(pid));
				List<String> all = new ArrayList<>(List.of(pid));
				ProcessHandle.of(Long.parseLong(pid))
					.ifPresent((server) -> server.children().forEach((child) -> all.add(String.valueOf(child.pid()))));
				signal("-STOP", all);
				signal("-KILL", all);
				this.postgres.getProcess().waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
				Files.deleteIfExists(this.data.resolve("postmaster.pid"));
				this.postgres.close();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw new IllegalStateException(ex);
			}
		}

		private static void signal(String signal, List<String> processes) throws IOException, InterruptedException {
			List<String> command = new ArrayList<>(List.of("kill", signal));
			command.addAll(processes);
			new ProcessBuilder(command).start().waitFor();
		}

		void delete() {
			try {
				FileSystemUtils.deleteRecursively(this.data);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

	}

}
