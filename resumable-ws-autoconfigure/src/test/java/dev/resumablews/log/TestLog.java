package dev.resumablews.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.schema.SchemaName;
import dev.resumablews.testing.TestPostgres;

import org.springframework.core.io.ClassPathResource;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import tools.jackson.databind.json.JsonMapper;

/**
 * An event log on a database, without Spring.
 */
public final class TestLog implements AutoCloseable {

	private static final NodeId NODE = new NodeId(UUID.randomUUID());

	private static final Duration LEASE = Duration.ofSeconds(15);

	private final HikariDataSource dataSource;

	private final Database database;

	private final SessionFeeds feeds = new SessionFeeds(256, 128 * 1024, new CommitListeners());

	private final PostgresEventLog log;

	public TestLog(String url) {
		this(url, settings(), (connections) -> connections);
	}

	TestLog(String url, LogSettings settings, java.util.function.UnaryOperator<DataSource> wrapper) {
		this.dataSource = TestPostgres.pool(url);
		this.dataSource.setConnectionTimeout(1000);
		this.database = new Database(wrapper.apply(this.dataSource), new SchemaName(""), settings.statementTimeout());
		this.log = new PostgresEventLog(settings, this.database, statement(this.database), this.feeds,
				ResumableWsListener.all(List.of()));
	}

	static LogSettings settings() {
		return new LogSettings(2, 10_000, 32 * 1024 * 1024, 1000, Duration.ofMillis(5), Duration.ofSeconds(30),
				Duration.ofSeconds(10), 1024 * 1024, 256 * 1024);
	}

	/**
	 * Creates a database that has the tables.
	 * @return its JDBC URL
	 */
	public static String createDatabase() {
		String url = TestPostgres.createDatabase();
		createTables(url);
		return url;
	}

	/**
	 * Creates the tables in a database.
	 */
	public static void createTables(String url) {
		try (HikariDataSource dataSource = TestPostgres.pool(url); Connection connection = dataSource.getConnection()) {
			connection.createStatement()
				.execute(new ClassPathResource("dev/resumablews/schema/001-tables.sql")
					.getContentAsString(StandardCharsets.UTF_8));
		}
		catch (SQLException ex) {
			throw new IllegalStateException(ex);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	public EventLog log() {
		return this.log;
	}

	Database database() {
		return this.database;
	}

	public SessionFeeds feeds() {
		return this.feeds;
	}

	public DataSource dataSource() {
		return this.dataSource;
	}

	public JdbcClient sql() {
		return JdbcClient.create(this.dataSource);
	}

	public TransactionTemplate transaction() {
		return new TransactionTemplate(new JdbcTransactionManager(this.dataSource));
	}

	PublishingSessions sessions() {
		return new PublishingSessions(this.log, this.database, statement(this.database), this.feeds, liveConnections(),
				JsonMapper.shared().writer(), 1024 * 1024);
	}

	static AppendStatement statement(Database database) {
		return new AppendStatement(database, NODE, LEASE);
	}

	public ReplyLeases leases() {
		return new ReplyLeases(this.database, NODE, LEASE);
	}

	/**
	 * Returns the leases of a node other than the one that appends.
	 */
	public ReplyLeases leasesOfAnotherNode() {
		return new ReplyLeases(this.database, new NodeId(UUID.randomUUID()), LEASE);
	}

	OnceOnly onceOnly() {
		return new OnceOnly(this.database, transaction());
	}

	LiveConnections liveConnections() {
		return new LiveConnections(this.database, new NodeId(UUID.randomUUID()), Duration.ofSeconds(25));
	}

	public UUID newSession(String userId) {
		return this.log.open(null, UUID.randomUUID(), userId, 0).sessionId();
	}

	@Override
	public void close() {
		this.log.close();
		this.dataSource.close();
	}

}
