package dev.resumablews.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;

import org.springframework.util.FileSystemUtils;

/**
 * A separate Postgres that can be restarted on the same port with the same data. Commits
 * are written to disk, so a crash of its processes loses none of them.
 */
public final class RestartablePostgres implements AutoCloseable {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private final Path directory;

	private EmbeddedPostgres postgres;

	private RestartablePostgres(Path directory) throws IOException {
		this.directory = directory;
		this.postgres = start(0);
	}

	public static RestartablePostgres start() {
		try {
			return new RestartablePostgres(Files.createTempDirectory("restartable-postgres"));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Returns the JDBC URL of an empty database, the same after each restart.
	 */
	public String url() {
		return this.postgres.getJdbcUrl("postgres", "postgres");
	}

	/**
	 * Closes all connections, rolls back their transactions, and restarts the server.
	 */
	public void restart() {
		end("INT");
		startAgain();
	}

	/**
	 * Kills all processes, as a crash does, and restarts from the data on disk.
	 */
	public void crash() {
		end("QUIT");
		startAgain();
	}

	/**
	 * Stops the server as {@link #restart()} does.
	 */
	public void stop() {
		end("INT");
	}

	/**
	 * Starts the server after {@link #stop()}.
	 */
	public void startAgain() {
		try {
			this.postgres = start(this.postgres.getPort());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Override
	public void close() throws IOException {
		end("QUIT");
		FileSystemUtils.deleteRecursively(this.directory);
	}

	private EmbeddedPostgres start(int port) throws IOException {
		EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
			.setDataDirectory(this.directory.resolve("data"))
			.setCleanDataDirectory(false)
			.setRegisterShutdownHook(false)
			.setPGStartupWait(PATIENCE)
			.setServerConfig("max_connections", "100")
			.setServerConfig("synchronous_commit", "on");
		return ((port != 0) ? builder.setPort(port) : builder).start();
	}

	/**
	 * Signals the server as {@code pg_ctl stop} does: INT for a fast shutdown, QUIT for
	 * an immediate shutdown.
	 */
	private void end(String signal) {
		try {
			Path pidFile = this.directory.resolve("data").resolve("postmaster.pid");
			if (!Files.exists(pidFile)) {
				return;
			}
			String pid = Files.readAllLines(pidFile).get(0).trim();
			new ProcessBuilder("kill", "-" + signal, pid).start().waitFor();
			if (!this.postgres.getProcess().waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
				throw new IllegalStateException("Postgres did not stop within " + PATIENCE);
			}
			// releases the lock on the directory
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

}
