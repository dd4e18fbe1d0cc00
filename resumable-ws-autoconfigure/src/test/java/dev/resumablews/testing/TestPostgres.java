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
 * The Postgres that tests run on, one for the JVM: the server that the system property
 * {@code resumable-ws.test.postgres} points at (a JDBC URL with user and password, of a
 * superuser), else a container where Docker answers, else an embedded one. With the
 * system property {@code resumable-ws.test.faults} (a seed), one in a hundred statements
 * of the library is delayed, lost, or loses its answer or its backend.
 */
public final class TestPostgres {

	/**
	 * A seed. With it, one in a hundred statements of the library is disturbed at random.
	 */
	public static final String FAULTS = "resumable-ws.test.faults";

	private static final int STATEMENTS_PER_FAULT = 100;

	private static final String ADMIN_URL = start();

	private static final @Nullable FaultyPostgres PROXY = hasFaults() ? disturb() : null;

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
		String url = ADMIN_URL.replaceFirst("/[^/?]*\\?", "/" + name + "?");
		return (PROXY != null) ? PROXY.through(url) : url;
	}

	/**
	 * Whether the library's statements are disturbed at random.
	 * @return whether they are
	 */
	public static boolean hasFaults() {
		return System.getProperty(FAULTS) != null;
	}

	/**
	 * Returns the seed of faults.
	 * @return what the system property says, or any seed without it
	 */
	public static long faultSeed() {
		return Long.getLong(FAULTS, System.nanoTime());
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

	/**
	 * Creates the library's tables, in the first schema of the search path.
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
	 * Returns the files that create and update the library's tables.
	 * @return the files, in the order in which they are to be run
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

	private static FaultyPostgres disturb() {
		long seed = faultSeed();
		System.out.printf("One in %d statements is disturbed at random: -D%s=%d%n", STATEMENTS_PER_FAULT, FAULTS, seed);
		FaultyPostgres proxy = FaultyPostgres.to(ADMIN_URL);
		proxy.plan(FaultPlan.random(seed, STATEMENTS_PER_FAULT, LibraryStatements.read()::contains));
		Runtime.getRuntime()
			.addShutdownHook(new Thread(() -> System.out.println("Statements were disturbed: " + proxy.faults())));
		return proxy;
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
