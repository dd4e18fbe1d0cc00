package dev.resumablews.faults;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that a statement that waits for a lock ends in Postgres when it times out in the
 * library.
 */
@TestInstance(Lifecycle.PER_CLASS)
@NotUnderFaults("Counts backends")
class LockedTableTests {

	private static final Duration STATEMENT_TIMEOUT = Duration.ofSeconds(1);

	/**
	 * Several statement timeouts, each of which could leave a backend behind.
	 */
	private static final Duration LOCK_TIME = Duration.ofSeconds(5);

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final Duration TICK = Duration.ofMillis(100);

	/**
	 * The maximum number of connections of the pools. Backends that outlive their calls
	 * would be several times as many.
	 */
	private static final int MAX_POOLED = 15;

	private static final int WAITING_TOO_LONG_SECONDS = 4;

	private final AtomicInteger users = new AtomicInteger();

	private String url;

	private SingleConnectionDataSource dataSource;

	private JdbcClient direct;

	private TestServer server;

	@BeforeAll
	void start() {
		this.url = TestPostgres.createDatabase();
		this.dataSource = new SingleConnectionDataSource(this.url, true);
		this.direct = JdbcClient.create(this.dataSource);
		this.direct.sql(ScenarioApplication.TABLES).update();
		this.server = TestServer.builder()
			.with(ScenarioApplication.class)
			.database(this.url)
			.properties("resumable-ws.log.statement-timeout", STATEMENT_TIMEOUT.toMillis() + "ms",
					"resumable-ws.log.append-timeout", "2s", "resumable-ws.reply.lease", "2s",
					"resumable-ws.reply.max-attempts", "20", "resumable-ws.connection.heartbeat-interval", "500ms",
					"resumable-ws.cleanup.interval", "500ms", "resumable-ws.cluster.backstop-interval", "500ms",
					"spring.datasource.hikari.minimum-idle", "2", "spring.datasource.hikari.connection-timeout", "1000")
			.start();
	}

	@AfterAll
	void stop() {
		this.server.close();
		this.dataSource.close();
	}

	@ParameterizedTest
	@ValueSource(strings = { "ws_sessions", "ws_empty_sessions", "ws_events", "ws_idempotency_keys",
			"ws_live_connections", "ws_replies", "ws_connected_nodes" })
	void noBackendOutlivesItsCall(String table) throws SQLException {
		String user = "user-" + this.users.incrementAndGet();
		ExecutorService threads = Executors.newFixedThreadPool(6);
		Phaser checks = new Phaser(1);
		try (ResumableWsTestClient client = ResumableWsTestClient.builder(this.server.uri())
			.tokens(Tokens.ISSUER)
			.user(user)
			.timeout(PATIENCE)
			.start()) {
			UUID session = client.sessionId();
			client.awaitWholeReply(client.say("Hi"));
			int before = backends();
			try (Connection lock = DriverManager.getConnection(this.url);
					Statement statement = lock.createStatement()) {
				lock.setAutoCommit(false);
				statement.execute("lock table " + table + " in access exclusive mode");
				long end = System.nanoTime() + LOCK_TIME.toNanos();
				calls(user, session, client).forEach((call) -> threads.execute(() -> repeat(call, checks)));
				while (System.nanoTime() - end < 0) {
					assertThat(waitingTooLong()).isEmpty();
					assertThat(backends()).isLessThanOrEqualTo(before + MAX_POOLED);
					checks.arrive();
					LockSupport.parkNanos(TICK.toNanos());
				}
				checks.arriveAndDeregister();
				lock.rollback();
			}
			client.awaitWholeReply(client.say("Are you there?"));
			assertThat(client.violations()).isEmpty();
			await().atMost(PATIENCE).untilAsserted(() -> assertThat(longTransactions()).isZero());
		}
		finally {
			threads.shutdownNow();
		}
	}

	private List<Runnable> calls(String user, UUID session, ResumableWsTestClient client) {
		ResumableSessions sessions = this.server.bean(ResumableSessions.class);
		return List.of(() -> sessions.publish(session, "tick", Map.of()),
				() -> sessions.publishToUser(user, "hello", Map.of()), () -> sessions.history(session, 0, 10),
				() -> sessions.connectionCount(user), () -> client.sendOnce(Map.of("type", "cancel")),
				() -> client.send("order", Map.of("item", "tea")));
	}

	/**
	 * Calls once for each check of the backends, until the checks end.
	 */
	private static void repeat(Runnable call, Phaser checks) {
		int check = checks.getPhase();
		while (check >= 0) {
			try {
				call.run();
			}
			catch (RuntimeException ex) {
				// the table is locked
			}
			try {
				check = checks.awaitAdvanceInterruptibly(check);
			}
			catch (InterruptedException ex) {
				return;
			}
		}
	}

	private List<String> waitingTooLong() {
		return this.direct.sql("""
				select query from pg_stat_activity
				where datname = current_database() and wait_event_type = 'Lock'
					and query_start < clock_timestamp() - make_interval(secs => ?)
				""").param(WAITING_TOO_LONG_SECONDS).query(String.class).list();
	}

	private int backends() {
		return this.direct.sql("select count(*) from pg_stat_activity where datname = current_database()")
			.query(Integer.class)
			.single();
	}

	private int longTransactions() {
		return this.direct.sql("""
				select count(*) from pg_stat_activity
				where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'
					and xact_start < clock_timestamp() - interval '1 second'
				""").query(Integer.class).single();
	}

}
