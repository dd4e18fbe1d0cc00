package dev.resumablews.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.springframework.util.FileSystemUtils;

/**
 * A PgBouncer in front of a Postgres, in transaction mode unless another one is named, as
 * it is installed on this machine.
 */
public final class PgBouncer implements AutoCloseable {

	private static final String CONFIGURATION = """
			[databases]
			* = host=%s port=%d user=%s password=%s
			[pgbouncer]
			listen_addr = 127.0.0.1
			listen_port = %d
			unix_socket_dir =
			auth_type = any
			pool_mode = %s
			default_pool_size = %d
			ignore_startup_parameters = extra_float_digits
			logfile = %s/pgbouncer.log
			pidfile = %s/pgbouncer.pid
			""";

	private final Path folder;

	private final Process process;

	private final int port;

	private final String url;

	private PgBouncer(Path folder, Process process, int port, String url) {
		this.folder = folder;
		this.process = process;
		this.port = port;
		this.url = url;
	}

	/**
	 * Returns whether there is one on this machine.
	 * @return whether it can be started
	 */
	public static boolean isInstalled() {
		return Executables.find("pgbouncer").isPresent();
	}

	/**
	 * Starts one.
	 * @param url the JDBC URL of the database behind it, with user and password
	 * @param backends how many connections to the database it has at most
	 * @return the pooler, which takes connections
	 */
	public static PgBouncer start(String url, int backends) {
		return start(url, backends, "transaction");
	}

	/**
	 * Starts one in another mode.
	 * @param url the JDBC URL of the database behind it, with user and password
	 * @param backends how many connections to the database it has at most
	 * @param mode the pool mode
	 * @return the pooler, which takes connections
	 */
	public static PgBouncer start(String url, int backends, String mode) {
		URI database = URI.create(url.substring("jdbc:".length()));
		try {
			Path folder = Files.createTempDirectory("pgbouncer");
			int port = FreePorts.next();
			Path configuration = Files.writeString(folder.resolve("pgbouncer.ini"),
					CONFIGURATION.formatted(database.getHost(), database.getPort(), parameter(database, "user"),
							parameter(database, "password"), port, mode, backends, folder, folder));
			List<String> command = new ArrayList<>(List.of(Executables.find("pgbouncer").orElseThrow().toString()));
			if (System.getProperty("user.name").equals("root")) {
				// it refuses to be root
				Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
				command.addAll(List.of("-u", "nobody"));
			}
			command.add(configuration.toString());
			Process process = new ProcessBuilder(command).redirectErrorStream(true)
				.redirectOutput(folder.resolve("output.log").toFile())
				.start();
			PgBouncer pooler = new PgBouncer(folder, process, port,
					"jdbc:postgresql://127.0.0.1:" + port + database.getPath() + "?user=any&password=any");
			try {
				pooler.awaitStart();
			}
			catch (IOException | RuntimeException ex) {
				pooler.close();
				throw ex;
			}
			return pooler;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Returns the database's JDBC URL through the pooler.
	 * @return the URL, to which parameters may be appended with an ampersand
	 */
	public String url() {
		return this.url;
	}

	@Override
	public void close() {
		this.process.destroy();
		try {
			if (!this.process.waitFor(10, TimeUnit.SECONDS)) {
				this.process.destroyForcibly();
			}
			FileSystemUtils.deleteRecursively(this.folder);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private void awaitStart() throws IOException {
		long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
		while (!accepts()) {
			if (!this.process.isAlive() || System.nanoTime() > deadline) {
				throw new IllegalStateException(
						"PgBouncer does not start: " + Files.readString(this.folder.resolve("output.log")));
			}
			Thread.onSpinWait();
		}
	}

	private boolean accepts() {
		try (Socket socket = new Socket("127.0.0.1", this.port)) {
			return socket.isConnected();
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static String parameter(URI database, String name) {
		for (String pair : database.getQuery().split("&")) {
			if (pair.startsWith(name + "=")) {
				return pair.substring(name.length() + 1);
			}
		}
		// of a Postgres that trusts everybody
		return "any";
	}

}
