package dev.resumablews.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/**
 * The PgBouncer of this machine in front of a Postgres, by default in transaction mode.
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

	private final LocalProcess process;

	private final String url;

	private PgBouncer(LocalProcess process, String url) {
		this.process = process;
		this.url = url;
	}

	/**
	 * Returns whether PgBouncer is installed on this machine.
	 * @return whether it is installed
	 */
	public static boolean isInstalled() {
		return Executables.find("pgbouncer").isPresent();
	}

	/**
	 * Starts a pooler.
	 * @param url the JDBC URL of the database behind it, with user and password
	 * @param backends the maximum number of connections to the database
	 * @return the pooler, which accepts connections
	 */
	public static PgBouncer start(String url, int backends) {
		return start(url, backends, "transaction");
	}

	/**
	 * Starts a pooler with the given mode.
	 * @param url the JDBC URL of the database behind it, with user and password
	 * @param backends the maximum number of connections to the database
	 * @param mode the pool mode
	 * @return the pooler, which accepts connections
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
				// PgBouncer does not run as root
				Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
				command.addAll(List.of("-u", "nobody"));
			}
			command.add(configuration.toString());
			return new PgBouncer(LocalProcess.start(folder, command, port),
					"jdbc:postgresql://127.0.0.1:" + port + database.getPath() + "?user=any&password=any");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Returns the JDBC URL of the database through the pooler.
	 * @return the URL, to which parameters may be appended with an ampersand
	 */
	public String url() {
		return this.url;
	}

	@Override
	public void close() {
		this.process.close();
	}

	private static String parameter(URI database, String name) {
		for (String pair : database.getQuery().split("&")) {
			if (pair.startsWith(name + "=")) {
				return pair.substring(name.length() + 1);
			}
		}
		// a Postgres with trust authentication needs no password
		return "any";
	}

}
