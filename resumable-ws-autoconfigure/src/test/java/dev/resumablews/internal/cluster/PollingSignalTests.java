package dev.resumablews.internal.cluster;

import java.io.IOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.internal.schema.SchemaName;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.RestartablePostgres;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.jdbc.core.JdbcTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

class PollingSignalTests {

	private static final Duration INTERVAL = Duration.ofMillis(20);

	private static final Duration SEVERAL_POLLS = INTERVAL.multipliedBy(10);

	private final HikariDataSource pool = TestPostgres.pool(TestLog.createDatabase());

	private final JdbcTemplate jdbc = new JdbcTemplate(this.pool);

	private final PollingSignal signal = new PollingSignal(
			new JdbcExecutor(this.pool, new SchemaName(""), Duration.ofSeconds(10)), INTERVAL);

	private final Received received = new Received();

	@BeforeEach
	void start() {
		this.signal.start(this.received);
		await().until(() -> this.received.missed.get() == 1);
	}

	@AfterEach
	void stop() {
		this.signal.close();
		this.pool.close();
	}

	@Test
	void aSignalArrivesOnce() {
		this.signal.send(List.of("a", "b"));
		this.signal.send(List.of("c"));
		awaitReceived("a", "b", "c");
		LockSupport.parkNanos(SEVERAL_POLLS.toNanos());
		assertThat(this.received.texts).containsExactly("a", "b", "c");
		assertThat(this.received.missed).hasValue(1);
	}

	@Test
	void signalsBeyondOnePageArrive() {
		List<String> texts = IntStream.range(0, 3 * SignalTable.PAGE).mapToObj(String::valueOf).toList();
		this.signal.send(texts);
		awaitReceived(texts.toArray(String[]::new));
		assertThat(this.received.texts).doesNotHaveDuplicates();
	}

	@Test
	void aSignalWithALateCommitArrives() throws SQLException {
		try (Connection slow = this.pool.getConnection(); Connection slower = this.pool.getConnection()) {
			insert(slower, "slower");
			this.signal.send(List.of("a"));
			insert(slow, "slow");
			this.signal.send(List.of("b"));
			awaitReceived("a", "b");
			slow.commit();
			awaitReceived("a", "b", "slow");
			this.signal.send(List.of("c"));
			awaitReceived("a", "b", "slow", "c");
			LockSupport.parkNanos(SEVERAL_POLLS.toNanos());
			slower.commit();
			awaitReceived("a", "b", "slow", "c", "slower");
		}
		LockSupport.parkNanos(SEVERAL_POLLS.toNanos());
		assertThat(this.received.texts).doesNotHaveDuplicates();
		assertThat(this.received.missed).hasValue(1);
	}

	@Test
	void gapsInTheIdsOfSignalsAreHarmless() throws SQLException {
		for (int i = 0; i < 3; i++) {
			try (Connection failing = this.pool.getConnection()) {
				insert(failing, "never");
				failing.rollback();
			}
			this.signal.send(List.of("a" + i));
		}
		awaitReceived("a0", "a1", "a2");
		assertThat(this.received.missed).hasValue(1);
	}

	@Test
	void aLargeGapInTheIdsOfSignalsCountsAsMissedSignals() {
		this.jdbc.queryForList("select nextval('ws_signals_id_seq') from generate_series(1, 2000)");
		this.signal.send(List.of("a"));
		await().until(() -> this.received.missed.get() == 2);
		this.signal.send(List.of("b"));
		await().until(() -> this.received.texts.contains("b"));
	}

	/**
	 * A crash of Postgres and the promotion of a standby empty this unlogged table,
	 * perhaps between two polls.
	 */
	@Test
	void anEmptiedTableCountsAsMissedSignals() {
		this.signal.send(List.of("a", "b", "c"));
		awaitReceived("a", "b", "c");
		this.jdbc.execute("""
				truncate ws_signals restart identity;
				insert into ws_signals (text) select 'after ' || n from generate_series(1, 10) n
				""");
		await().until(() -> this.received.missed.get() == 2);
		this.signal.send(List.of("d"));
		await().until(() -> this.received.texts.contains("d"));
		assertThat(this.received.missed).hasValue(2);
	}

	@Test
	void aCrashOfPostgresCountsAsMissedSignals() throws IOException {
		try (RestartablePostgres postgres = RestartablePostgres.start()) {
			TestLog.createTables(postgres.url());
			try (HikariDataSource own = TestPostgres.pool(postgres.url())) {
				PollingSignal crashing = new PollingSignal(
						new JdbcExecutor(own, new SchemaName(""), Duration.ofSeconds(10)), INTERVAL);
				Received other = new Received();
				crashing.start(other);
				await().until(() -> other.missed.get() == 1);
				crashing.send(List.of("a"));
				await().until(() -> other.texts.contains("a"));
				postgres.crash();
				await().atMost(Duration.ofMinutes(1)).until(() -> other.missed.get() > 1);
				crashing.send(List.of("b"));
				await().until(() -> other.texts.contains("b"));
				crashing.close();
			}
		}
	}

	@Test
	void aFailedPollCountsAsMissedSignals() {
		this.jdbc.execute("alter table ws_signals rename to hidden");
		LockSupport.parkNanos(SEVERAL_POLLS.toNanos());
		this.jdbc.execute("alter table hidden rename to ws_signals");
		await().until(() -> this.received.missed.get() == 2);
		this.signal.send(List.of("a"));
		await().until(() -> this.received.texts.contains("a"));
	}

	@Test
	void signalsAreReadLaterOrMissedByANodeThatDidNotNeedThem() {
		this.received.needed = false;
		LockSupport.parkNanos(SEVERAL_POLLS.toNanos());
		this.signal.send(List.of("a"));
		LockSupport.parkNanos(SEVERAL_POLLS.toNanos());
		assertThat(this.received.texts).isEmpty();
		this.received.needed = true;
		awaitReceived("a");
		assertThat(this.received.missed).hasValue(1);
		this.received.needed = false;
		LockSupport.parkNanos(SignalPoller.MAX_PAUSE.plus(SEVERAL_POLLS).toNanos());
		this.received.needed = true;
		await().until(() -> this.received.missed.get() == 2);
		this.signal.send(List.of("b"));
		awaitReceived("a", "b");
	}

	@Test
	void aNodeReadsTheEventsOfASessionOnlyAfterASignal() {
		try (TwoNodes nodes = polling(); ResumableWsTestClient client = nodes.connect("alice")) {
			UUID session = TwoNodes.session(client);
			SpiedDataSource second = (SpiedDataSource) nodes.second().bean(DataSource.class);
			long looks = second.signalQueries();
			await().until(() -> second.signalQueries() > looks + 10);
			long queries = second.remoteEventQueries();
			await().until(() -> second.signalQueries() > looks + 30);
			assertThat(second.remoteEventQueries()).isEqualTo(queries);
			nodes.assertDelivered(client, session, 1, 1);
			assertThat(second.remoteEventQueries()).isEqualTo(queries + 1);
		}
	}

	@Test
	void aNodeWithoutClientsAndRepliesDoesNotPoll() {
		try (TwoNodes nodes = polling()) {
			SpiedDataSource second = (SpiedDataSource) nodes.second().bean(DataSource.class);
			LockSupport.parkNanos(SEVERAL_POLLS.toNanos());
			assertThat(second.signalQueries()).isZero();
			assertThat(nodes.sql().sql("select count(*) from ws_signals").query(Long.class).single()).isZero();
		}
	}

	@Test
	void aNotificationReachesOtherNodes() {
		try (TwoNodes nodes = polling()) {
			AtomicInteger notifications = new AtomicInteger();
			nodes.second().bean(NodeNotifier.class).onNotification(notifications::incrementAndGet, () -> true);
			await().until(() -> ((SpiedDataSource) nodes.second().bean(DataSource.class)).signalQueries() > 3);
			int before = notifications.get();
			nodes.first().bean(NodeNotifier.class).notifyOthers();
			await().atMost(SignalPoller.MAX_PAUSE.dividedBy(2)).until(() -> notifications.get() > before);
		}
	}

	private static TwoNodes polling() {
		return new TwoNodes(new Class<?>[] { SpiedDataSource.Spying.class }, "resumable-ws.cluster.signal", "polling",
				"resumable-ws.cluster.poll-interval", INTERVAL.toMillis() + "ms",
				"resumable-ws.cluster.backstop-interval", "1h", "resumable-ws.pool.enabled", "false");
	}

	private void awaitReceived(String... texts) {
		await().untilAsserted(() -> assertThat(this.received.texts).containsExactly(texts));
	}

	private static void insert(Connection connection, String text) throws SQLException {
		connection.setAutoCommit(false);
		try (PreparedStatement insert = connection.prepareStatement("insert into ws_signals (text) values (?)")) {
			insert.setString(1, text);
			insert.execute();
		}
	}

	/**
	 * Records the received texts, except for the row that a poller begins with.
	 */
	private static final class Received implements ClusterSignal.Receiver {

		private final List<String> texts = new CopyOnWriteArrayList<>();

		private final AtomicInteger missed = new AtomicInteger();

		private volatile boolean needed = true;

		@Override
		public void received(String text) {
			this.texts.add(text);
		}

		@Override
		public void missed() {
			this.missed.incrementAndGet();
		}

		@Override
		public boolean needed() {
			return this.needed;
		}

	}

}
