package dev.resumablews.benchmarks.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.jspecify.annotations.Nullable;

/**
 * The Postgres server of all measurements, with default settings and durable commits.
 * Safe for use by many threads.
 */
public final class Postgres implements AutoCloseable {

	private final String adminUrl;

	private final @Nullable EmbeddedPostgres embedded;

	private Postgres(String adminUrl, @Nullable EmbeddedPostgres embedded) {
		this.adminUrl = adminUrl;
		this.embedded = embedded;
		for (String setting : List.of("fsync", "synchronous_commit", "full_page_writes")) {
			if (!"on".equals(query(adminUrl, "show " + setting).get(0))) {
				throw new IllegalStateException("Postgres must run with %s = on".formatted(setting));
			}
		}
	}

	/**
	 * Starts a server.
	 * @param folder directory of its data, on the disk to measure
	 * @return the server
	 */
	public static Postgres start(Path folder) {
		try {
			EmbeddedPostgres server = EmbeddedPostgres.builder()
				.setDataDirectory(folder)
				.setCleanDataDirectory(true)
				.setRegisterShutdownHook(false)
				.setPGStartupWait(Duration.ofSeconds(60))
				// EmbeddedPostgres turns these off by default, for tests
				.setServerConfig("fsync", "on")
				.setServerConfig("synchronous_commit", "on")
				// the statement of the log exceeds the default
				.setServerConfig("track_activity_query_size", "65536")
				.start();
			return new Postgres(server.getJdbcUrl("postgres", "postgres"), server);
		}
		catch (IOException ex) {
			throw new UncheckedIOException("Cannot start Postgres in " + folder, ex);
		}
	}

	/**
	 * Uses a running server.
	 * @param url JDBC URL of a database on it, with the user and password of a superuser
	 * @return the server
	 */
	public static Postgres at(String url) {
		return new Postgres(url, null);
	}

	/**
	 * Creates a database unless it exists.
	 * @param database its name
	 * @return its JDBC URL
	 */
	public String create(String database) {
		if (query(this.adminUrl, "select 1 from pg_database where datname = '" + database + "'").isEmpty()) {
			execute(this.adminUrl, "create database " + database);
		}
		return url(database);
	}

	/**
	 * Drops a database if it exists.
	 * @param database its name
	 */
	public void drop(String database) {
		execute(this.adminUrl, "drop database if exists " + database + " with (force)");
	}

	/**
	 * Runs statements in a database, each in its own transaction.
	 * @param database its name
	 * @param statements the statements
	 */
	public void run(String database, String... statements) {
		for (String statement : statements) {
			execute(url(database), statement);
		}
	}

	/**
	 * Returns the first column of a query's result.
	 * @param database the database to run it in
	 * @param sql the query
	 * @return the values as text
	 */
	public List<String> select(String database, String sql) {
		return query(url(database), sql);
	}

	/**
	 * Runs a checkpoint, so that earlier measurements leave no work for the next one.
	 */
	public void settle() {
		execute(this.adminUrl, "checkpoint");
	}

	/**
	 * Returns the version of the server.
	 * @return the version, such as {@code 18.4}
	 */
	public String version() {
		return query(this.adminUrl, "show server_version").get(0);
	}

	/**
	 * Returns the JDBC URL of a database.
	 * @param database its name
	 * @return the URL
	 */
	public String url(String database) {
		return this.adminUrl.replaceFirst("(jdbc:postgresql://[^/]*/)[^?]*", "$1" + database);
	}

	/**
	 * Returns the processor time that its processes have used, including those that have
	 * ended.
	 * @return the time in seconds; empty if it runs on another machine
	 */
	public OptionalDouble cpuSeconds() {
		long postmaster = Long
			.parseLong(query(this.adminUrl, "select split_part(pg_read_file('postmaster.pid'), E'\\n', 1)").get(0));
		return CpuTime.ofFamily(postmaster, "postgres");
	}

	@Override
	public void close() {
		if (this.embedded != null) {
			try {
				this.embedded.close();
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}
	}

	private static void execute(String url, String sql) {
		try (Connection connection = DriverManager.getConnection(url);
				Statement statement = connection.createStatement()) {
			statement.execute(sql);
		}
		catch (SQLException ex) {
			throw new IllegalStateException("Postgres rejected: %s%n%s".formatted(sql, ex.getMessage()), ex);
		}
	}

	private static List<String> query(String url, String sql) {
		try (Connection connection = DriverManager.getConnection(url);
				Statement statement = connection.createStatement();
				ResultSet rows = statement.executeQuery(sql)) {
			List<String> values = new ArrayList<>();
			while (rows.next()) {
				values.add(rows.getString(1));
			}
			return values;
		}
		catch (SQLException ex) {
			throw new IllegalStateException("Postgres rejected: %s%n%s".formatted(sql, ex.getMessage()), ex);
		}
	}

}
