package dev.resumablews.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;

/**
 * The Postgres that tests run on, one for the JVM: the server that the system property
 * {@code resumable-ws.test.postgres} points at (a JDBC URL with user and password, of a
 * superuser), else a container where Docker answers, else an embedded one.
 */
public final class TestPostgres {

	private static final String ADMIN_URL = start();

	private static final AtomicInteger DATABASES = new AtomicInteger();

	private TestPostgres() {
	}

	/**
	 * Creates an empty database of the caller's own.
	 * @return its JDBC URL, with user and password
	 */
	public static String createDatabase() {
		String name = "test_" + ProcessHandle.current().pid() + "_" + DATABASES.incrementAndGet();
		try (Connection connection = DriverManager.getConnection(ADMIN_URL)) {
			connection.createStatement().execute("create database " + name);
		}
		catch (SQLException ex) {
			throw new IllegalStateException("No database for tests on " + ADMIN_URL, ex);
		}
		return ADMIN_URL.replaceFirst("/[^/?]*\\?", "/" + name + "?");
	}

	/**
	 * Opens a pool of connections to a database.
	 * @param url the database's JDBC URL
	 * @return the pool, to be closed by the caller
	 */
	public static HikariDataSource pool(String url) {
		HikariConfig config = new HikariConfig();
		config.setJdbcUrl(url);
		config.setMaximumPoolSize(10);
		return new HikariDataSource(config);
	}

	private static String start() {
		String url = System.getProperty("resumable-ws.test.postgres");
		if (url != null) {
			return url;
		}
		if (dockerAnswers()) {
			PostgreSQLContainer postgres = new PostgreSQLContainer("postgres:18-alpine");
			postgres.start();
			return postgres.getJdbcUrl() + (postgres.getJdbcUrl().contains("?") ? "&" : "?") + "user="
					+ postgres.getUsername() + "&password=" + postgres.getPassword();
		}
		try {
			EmbeddedPostgres postgres = EmbeddedPostgres.builder().setServerConfig("max_connections", "200").start();
			return postgres.getJdbcUrl("postgres", "postgres");
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static boolean dockerAnswers() {
		try {
			return DockerClientFactory.instance().isDockerAvailable();
		}
		catch (RuntimeException ex) {
			return false;
		}
	}

}
