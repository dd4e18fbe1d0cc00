package dev.resumablews.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.jspecify.annotations.Nullable;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.postgresql.PostgreSQLContainer;

import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

/**
 * The Postgres server for the tests of a JVM. It is the server at the system property
 * {@code resumable-ws.test.postgres} (a JDBC URL with user and password of a superuser)
 * if that is set, else a container if Docker is available, else an embedded server. With
 * the system property {@code resumable-ws.test.faults} (a seed), a fault is injected into
 * one in a hundred statements of the library.
 */
public final class TestPostgres {

	/**
	 * System property with the seed for random faults in the statements of the library.
	 */
	public static final String FAULTS = "resumable-ws.test.faults";

	private static final int STATEMENTS_PER_FAULT = 100;

	private static final String ADMIN_URL = start();

	private static final @Nullable FaultyPostgres PROXY = hasFaults() ? startFaultyProxy() : null;

	private static final AtomicInteger DATABASES = new AtomicInteger();

	private TestPostgres() {
	}

	/**
	 * Creates an empty database.
	 * @return its JDBC URL, with user and password
	 */
	public static String createDatabase() {
		String name = "test_" + ProcessHandle.current().pid() + "_" + DATABASES.incrementAndGet();
		try (Connection connection = DriverManager.getConnection(ADMIN_URL)) {
			connection.createStatement().execute("create database " + name);
		}
		catch (SQLException ex) {
			throw new IllegalStateException("Could not create a database on " + ADMIN_URL, ex);
		}
		String url = ADMIN_URL.replaceFirst("/[^/?]*\\?", "/" + name + "?");
		return (PROXY != null) ? PROXY.through(url) : url;
	}

	/**
	 * Returns whether random faults are injected.
	 * @return whether faults are injected
	 */
	public static boolean hasFaults() {
		return System.getProperty(FAULTS) != null;
	}

	/**
	 * Returns the seed for random faults.
	 * @return the value of the system property, or a random seed if it is not set
	 */
	public static long faultSeed() {
		return Long.getLong(FAULTS, System.nanoTime());
	}

	/**
	 * Opens a pool of connections to a database.
	 * @param url the JDBC URL of the database
	 * @return the pool, which the caller must close
	 */
	public static HikariDataSource pool(String url) {
		HikariConfig config = new HikariConfig();
		config.setJdbcUrl(url);
		config.setMaximumPoolSize(10);
		return new HikariDataSource(config);
	}

	/**
	 * Creates the tables of the library in the first schema of the search path.
	 * @param dataSource the database
	 */
	public static void createTables(DataSource dataSource) {
		try (Connection connection = dataSource.getConnection()) {
			for (Resource file : schemaFiles()) {
				connection.createStatement().execute(file.getContentAsString(StandardCharsets.UTF_8));
			}
		}
		catch (SQLException ex) {
			throw new IllegalStateException(ex);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * Returns the scripts that create and update the tables of the library.
	 * @return the scripts, in the order to run them
	 */
	public static List<Resource> schemaFiles() {
		try {
			Resource[] files = new PathMatchingResourcePatternResolver()
				.getResources("classpath*:dev/resumablews/schema/???-*.sql");
			return Stream.of(files).sorted(Comparator.comparing(Resource::getFilename)).toList();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static String start() {
		String url = System.getProperty("resumable-ws.test.postgres");
		if (url != null) {
			return url;
		}
		if (isDockerAvailable()) {
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

	private static FaultyPostgres startFaultyProxy() {
		long seed = faultSeed();
		System.out.printf("Injecting a fault into one in %d statements: -D%s=%d%n", STATEMENTS_PER_FAULT, FAULTS, seed);
		FaultyPostgres proxy = FaultyPostgres.to(ADMIN_URL);
		proxy.plan(FaultPlan.random(seed, STATEMENTS_PER_FAULT, LibraryStatements.read()::contains));
		Runtime.getRuntime()
			.addShutdownHook(new Thread(() -> System.out.println("Injected faults: " + proxy.faults())));
		return proxy;
	}

	private static boolean isDockerAvailable() {
		try {
			return DockerClientFactory.instance().isDockerAvailable();
		}
		catch (RuntimeException ex) {
			return false;
		}
	}

}
