package dev.resumablews.internal.publish;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.codec.StoredPayloads;
import dev.resumablews.internal.ephemeral.EphemeralEvents;
import dev.resumablews.internal.feed.CommitListeners;
import dev.resumablews.internal.feed.SessionFeed;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.log.AppendStatement;
import dev.resumablews.internal.log.EmptySessions;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.log.LogSettings;
import dev.resumablews.internal.log.PostgresEventLog;
import dev.resumablews.internal.log.SessionTable;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.presence.ConnectionTable;
import dev.resumablews.internal.presence.Disconnects;
import dev.resumablews.internal.reply.JdbcReplyQueue;
import dev.resumablews.internal.reply.ReplyAppendExtension;
import dev.resumablews.internal.schema.SchemaName;
import dev.resumablews.testing.TestPostgres;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.ConfigurableTransactionManager;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * An event log on a database, without Spring.
 */
public final class TestLog implements AutoCloseable {

	private static final NodeId NODE = new NodeId(UUID.randomUUID());

	private static final ResumableWsListener NO_LISTENER = new ResumableWsListener() {
	};

	private static final Duration LEASE = Duration.ofSeconds(15);

	private final HikariDataSource dataSource;

	private final JdbcExecutor database;

	private final FutureCompleter futures = new FutureCompleter();

	private final TransactionTracker tracker;

	private final SessionFeeds feeds = new SessionFeeds(256, 128 * 1024, new CommitListeners());

	private final PostgresEventLog log;

	public TestLog(String url) {
		this(url, settings(), (connections) -> connections);
	}

	public TestLog(String url, LogSettings settings, java.util.function.UnaryOperator<DataSource> wrapper) {
		this.dataSource = TestPostgres.pool(url);
		this.dataSource.setConnectionTimeout(1000);
		this.tracker = new TransactionTracker(() -> this.dataSource);
		this.database = new JdbcExecutor(wrapper.apply(this.dataSource), new SchemaName(""),
				settings.statementTimeout());
		this.log = new PostgresEventLog(settings, this.database, new SessionTable(this.database, 0), statement(),
				this.feeds, new ResumableWsListener() {
				});
	}

	public static LogSettings settings() {
		return new LogSettings(2, 10_000, 32 * 1024 * 1024, 1000, Duration.ofMillis(5), Duration.ofSeconds(30),
				Duration.ofSeconds(10), 1024 * 1024, 256 * 1024);
	}

	/**
	 * Creates a database with the tables.
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
		TestPostgres.createTables(new DriverManagerDataSource(url));
	}

	public EventLog log() {
		return this.log;
	}

	public JdbcExecutor database() {
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
		return new TransactionTemplate(transactionManager());
	}

	public JdbcTransactionManager transactionManager() {
		return followed(new JdbcTransactionManager(this.dataSource));
	}

	/**
	 * Registers the log with a transaction manager, as the auto-configuration does.
	 */
	public <T extends ConfigurableTransactionManager> T followed(T transactionManager) {
		transactionManager.addListener(this.tracker);
		return transactionManager;
	}

	public DefaultResumableSessions sessions() {
		return sessions(JsonMapper.shared().writer(), 1024 * 1024);
	}

	public DefaultResumableSessions sessions(ObjectWriter json, long maxEventBytes) {
		return sessions(this.tracker, this.database, json, maxEventBytes);
	}

	/**
	 * Creates the sessions of an application whose {@code DataSource} is wrapped.
	 */
	DefaultResumableSessions sessions(TransactionTracker tracker, DataSource dataSource) {
		return sessions(tracker, new JdbcExecutor(dataSource, new SchemaName(""), Duration.ofSeconds(10)),
				JsonMapper.shared().writer(), 1024 * 1024);
	}

	private DefaultResumableSessions sessions(TransactionTracker tracker, JdbcExecutor database, ObjectWriter json,
			long maxEventBytes) {
		TransactionalStore store = store(database);
		return new DefaultResumableSessions(this.log, this.futures, tracker, store,
				new UserPublisher(database, store, StoredPayloads.PLAIN, 2, Duration.ofSeconds(10),
						UserPublisher.MAX_SESSIONS),
				new SessionTable(database, 0), this.feeds, liveConnections(), new EphemeralEvents(),
				new SessionEraser(database, this.feeds), new Disconnects(database, NodeNotifier.none()), NO_LISTENER,
				json, maxEventBytes);
	}

	/**
	 * Creates a publisher for all sessions of a user.
	 */
	UserPublisher users(Duration timeout, int maxSessions) {
		return new UserPublisher(this.database, store(this.database), StoredPayloads.PLAIN, 2, timeout, maxSessions);
	}

	private TransactionalStore store(JdbcExecutor database) {
		return new TransactionalStore(database, statement(), this.feeds, 1000, Duration.ofSeconds(10));
	}

	public static AppendStatement statement() {
		return new AppendStatement(List.of(new ReplyAppendExtension(NODE, LEASE)));
	}

	public NodeId node() {
		return NODE;
	}

	public JdbcReplyQueue leases() {
		return new JdbcReplyQueue(this.database, NODE, LEASE);
	}

	/**
	 * Creates a reply queue for a node other than the one that appends.
	 */
	public JdbcReplyQueue leasesOfAnotherNode() {
		return new JdbcReplyQueue(this.database, new NodeId(UUID.randomUUID()), LEASE);
	}

	public IdempotentExecutor onceOnly() {
		return onceOnly(transactionManager());
	}

	public IdempotentExecutor onceOnly(PlatformTransactionManager transactionManager) {
		return new IdempotentExecutor(this.database, transactionManager, this.tracker, 64, Duration.ofSeconds(10));
	}

	public ConnectionTable liveConnections() {
		return new ConnectionTable(this.database, new NodeId(UUID.randomUUID()), Duration.ofSeconds(25));
	}

	/**
	 * Returns the types of a session's events.
	 */
	List<String> stored(UUID session) {
		return this.log.read(session, 0, 1000).stream().map(SessionEvent::type).toList();
	}

	/**
	 * Returns the types of the events in a feed.
	 */
	static List<String> delivered(SessionFeed feed) {
		return Objects.requireNonNull(feed.after(0, Long.MAX_VALUE))
			.stream()
			.map((recent) -> recent.event().type())
			.toList();
	}

	/**
	 * Creates a template with the transaction manager of another one.
	 */
	static TransactionTemplate with(TransactionTemplate template, int propagation) {
		TransactionTemplate other = new TransactionTemplate(Objects.requireNonNull(template.getTransactionManager()),
				template);
		other.setPropagationBehavior(propagation);
		return other;
	}

	/**
	 * Creates a session that has a row, as if it had an event.
	 */
	public UUID newSession(String userId) {
		UUID session = newEmptySession(userId);
		this.database.execute((connection) -> {
			EmptySessions.move(connection, List.of(session));
			return session;
		});
		return session;
	}

	/**
	 * Creates a session as a new client does.
	 */
	public UUID newEmptySession(String userId) {
		return this.log.open(null, UUID.randomUUID(), userId, 0).sessionId();
	}

	@Override
	public void close() {
		this.log.close();
		this.futures.close();
		this.dataSource.close();
	}

}
