package dev.resumablews.internal.log;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import java.util.stream.Stream;

import javax.sql.DataSource;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.feed.CommitListeners;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.observability.ListenerDispatcher;
import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.internal.schema.SchemaName;
import dev.resumablews.internal.status.WriterStatus;
import dev.resumablews.testing.TestPostgres;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DelegatingDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests that every append completes, and that the log works after every failure.
 */
class GroupCommitWriterTests {

	private static final String LARGE = "{\"x\":\"" + "x".repeat(3 * 1024 * 1024) + "\"}";

	private static final LogSettings HASTY = new LogSettings(1, 100, 64 * 1024 * 1024, 100, Duration.ofMillis(5),
			Duration.ofSeconds(1), Duration.ofSeconds(10), 1024 * 1024, 256 * 1024);

	private static String url;

	private final AtomicBoolean unavailable = new AtomicBoolean();

	@BeforeAll
	static void createDatabase() {
		url = TestLog.createDatabase();
	}

	@Test
	void anAppendBeyondTheCurrentBatchExpiresToo() {
		try (TestLog test = new TestLog(url, HASTY, this::sometimesAway)) {
			UUID session = test.newSession("alice");
			this.unavailable.set(true);
			List<CompletableFuture<AppendResult>> appends = appendLarge(test, session, 3);
			assertThat(appends).allSatisfy((append) -> assertThat(append).failsWithin(20, TimeUnit.SECONDS)
				.withThrowableThat()
				.withCauseInstanceOf(EventLogUnavailableException.class));
			this.unavailable.set(false);
			assertThat(test.log().append(AppendRequest.of(session, "after", "{}"))).succeedsWithin(20,
					TimeUnit.SECONDS);
			assertThat(test.log().read(session, 0, 10)).extracting(SessionEvent::type).containsExactly("after");
		}
	}

	@Test
	void anExpiredBatchIsNotRetried() {
		long now = System.nanoTime();
		UUID session = UUID.randomUUID();
		QueuedAppend soon = new QueuedAppend(AppendRequest.of(session, "soon", "{}"), now + 1000);
		QueuedAppend later = new QueuedAppend(AppendRequest.of(session, "later", "{}"), now + 5000);
		QueuedAppend patient = new QueuedAppend(EventLogTests.lateBound(session, "patient", () -> "{}"), now);
		assertThat(GroupCommitWriter.delay(10, List.of(soon), now - 500)).isEqualTo(Duration.ofNanos(1500));
		assertThat(GroupCommitWriter.delay(10, List.of(later, soon), now)).isEqualTo(Duration.ofNanos(5000));
		assertThat(GroupCommitWriter.delay(10, List.of(soon), now + 2000)).isZero();
		assertThat(GroupCommitWriter.delay(10, List.of(soon, patient), now)).isGreaterThan(Duration.ofMillis(499));
	}

	@Test
	void anAppendBeyondTheCurrentBatchFailsWhenTheLogStops() {
		TestLog test = new TestLog(url, TestLog.settings(), this::sometimesAway);
		UUID session = test.newSession("alice");
		this.unavailable.set(true);
		List<CompletableFuture<AppendResult>> appends = appendLarge(test, session, 3);
		test.close();
		assertThat(appends).allSatisfy((append) -> assertThat(append).isCompletedExceptionally());
	}

	@Test
	void aLateBoundEventWaitsUntilPostgresIsBack() throws Exception {
		try (TestLog test = new TestLog(url, HASTY, this::sometimesAway)) {
			UUID session = test.newSession("alice");
			this.unavailable.set(true);
			CompletableFuture<AppendResult> patient = test.log()
				.append(EventLogTests.lateBound(session, "patient", () -> "{}"));
			CompletableFuture<AppendResult> other = test.log().append(AppendRequest.of(session, "hasty", "{}"));
			assertThat(other).failsWithin(20, TimeUnit.SECONDS);
			assertThat(patient).isNotDone();
			this.unavailable.set(false);
			assertThat(patient.get(20, TimeUnit.SECONDS).eventId()).isEqualTo(1);
		}
	}

	@Test
	void sequentialAppendsAreNotDelayedByTheCommitInterval() {
		try (TestLog test = new TestLog(url, withCommitInterval(Duration.ofHours(1)), (pool) -> pool)) {
			UUID session = test.newSession("alice");
			for (int i = 0; i < 5; i++) {
				assertThat(test.log().append(AppendRequest.of(session, "note", "{}"))).succeedsWithin(20,
						TimeUnit.SECONDS);
			}
		}
	}

	@Test
	void aFailingListenerFailsNoAppend() throws Exception {
		try (HikariDataSource pool = TestPostgres.pool(url)) {
			ResumableWsListener bad = new ResumableWsListener() {

				@Override
				public void onBatchStored(int events, Duration duration) {
					throw new IllegalStateException("the listener is broken");
				}

				@Override
				public void onAppendRejected() {
					throw new IllegalStateException("the listener is broken");
				}

			};
			JdbcExecutor database = new JdbcExecutor(sometimesAway(pool), new SchemaName(""), Duration.ofSeconds(10));
			PostgresEventLog log = new PostgresEventLog(HASTY, database, new SessionTable(database, 0),
					TestLog.statement(), new SessionFeeds(10, 1000, new CommitListeners()), guarded(bad));
			UUID session = log.open(null, UUID.randomUUID(), "alice", 0).sessionId();
			assertThat(log.append(AppendRequest.of(session, "a", "{}")).get(20, TimeUnit.SECONDS).eventId())
				.isEqualTo(1);
			this.unavailable.set(true);
			for (int i = 0; i < 2; i++) {
				assertThat(log.append(AppendRequest.of(session, "never", "{}"))).failsWithin(20, TimeUnit.SECONDS);
			}
			this.unavailable.set(false);
			assertThat(log.append(AppendRequest.of(session, "b", "{}")).get(20, TimeUnit.SECONDS).eventId())
				.isEqualTo(2);
			log.close();
		}
	}

	private static ResumableWsListener guarded(ResumableWsListener listener) {
		ListenerDispatcher dispatcher = new ListenerDispatcher(() -> List.of(listener));
		dispatcher.afterSingletonsInstantiated();
		return dispatcher.listener();
	}

	@Test
	void aDraftThatThrowsFailsAloneAndDelaysNoFlush() throws Exception {
		try (TestLog test = new TestLog(url)) {
			UUID session = test.newSession("alice");
			CompletableFuture<AppendResult> patient = test.log().append(EventLogTests.lateBound(session, "bad", () -> {
				throw new IllegalStateException("the draft is broken");
			}));
			assertThat(test.log().append(AppendRequest.of(session, "good", "{}")).get(20, TimeUnit.SECONDS).eventId())
				.isEqualTo(1);
			assertThat(patient).isCompletedExceptionally();
			assertThat(test.log().flush(Duration.ofSeconds(20))).isTrue();
		}
	}

	@Test
	void anErrorOfADraftDoesNotStopTheWriter() throws Exception {
		LogSettings one = new LogSettings(1, 100, 1000, 100, Duration.ofMillis(5), Duration.ofSeconds(5),
				Duration.ofSeconds(10), 1000, 1000);
		try (TestLog test = new TestLog(url, one, (pool) -> pool)) {
			UUID session = test.newSession("alice");
			CompletableFuture<AppendResult> bad = test.log().append(EventLogTests.lateBound(session, "bad", () -> {
				throw new StackOverflowError("of a test");
			}));
			assertThat(bad).failsWithin(20, TimeUnit.SECONDS);
			assertThat(test.log().append(AppendRequest.of(session, "good", "{}")).get(20, TimeUnit.SECONDS).eventId())
				.isEqualTo(1);
		}
	}

	@Test
	void aPoolWithoutAutoCommitWorks() throws Exception {
		HikariConfig config = new HikariConfig();
		config.setJdbcUrl(url);
		config.setAutoCommit(false);
		try (HikariDataSource pool = new HikariDataSource(config)) {
			JdbcExecutor database = new JdbcExecutor(pool, new SchemaName(""), Duration.ofSeconds(10));
			PostgresEventLog log = new PostgresEventLog(TestLog.settings(), database, new SessionTable(database, 0),
					TestLog.statement(), new SessionFeeds(10, 1000, new CommitListeners()), new ResumableWsListener() {
					});
			UUID session = log.open(null, UUID.randomUUID(), "alice", 0).sessionId();
			assertThat(log.append(AppendRequest.of(session, "a", "{}")).get(20, TimeUnit.SECONDS).eventId())
				.isEqualTo(1);
			assertThat(log.read(session, 0, 10)).hasSize(1);
			log.close();
		}
	}

	@Test
	void theStateOfConnectionsIsRestored() throws Exception {
		try (Connection connection = java.sql.DriverManager.getConnection(url)) {
			DataSource single = new org.springframework.jdbc.datasource.SingleConnectionDataSource(connection, true);
			JdbcExecutor database = new JdbcExecutor(single, new SchemaName(""), Duration.ofSeconds(10));
			connection.setNetworkTimeout(Runnable::run, 77_000);
			PostgresEventLog log = new PostgresEventLog(TestLog.settings(), database, new SessionTable(database, 0),
					TestLog.statement(), new SessionFeeds(10, 1000, new CommitListeners()), new ResumableWsListener() {
					});
			UUID session = log.open(null, UUID.randomUUID(), "alice", 0).sessionId();
			log.append(AppendRequest.of(session, "a", "{}")).get(20, TimeUnit.SECONDS);
			log.close();
			assertThat(connection.getAutoCommit()).isTrue();
			assertThat(connection.getNetworkTimeout()).isEqualTo(77_000);
		}
	}

	@Test
	void anUnresponsivePostgresTimesOutAndNoBackendKeepsWaiting() throws Exception {
		LogSettings impatient = new LogSettings(1, 100, 1000, 100, Duration.ofMillis(5), Duration.ofSeconds(30),
				Duration.ofMillis(500), 1000, 1000);
		try (TestLog test = new TestLog(url, impatient, (pool) -> pool)) {
			UUID session = test.newSession("alice");
			Set<Integer> waited = new HashSet<>();
			AtomicInteger most = new AtomicInteger();
			try (Connection blocker = test.dataSource().getConnection()) {
				blocker.setAutoCommit(false);
				blocker.createStatement().execute("lock table ws_events in access exclusive mode");
				CompletableFuture<AppendResult> append = test.log().append(AppendRequest.of(session, "a", "{}"));
				await().until(() -> {
					List<Integer> waiting = waitingForALock(test);
					waited.addAll(waiting);
					most.accumulateAndGet(waiting.size(), Math::max);
					return transactionsWaited(test) >= 3;
				});
				assertThat(append).isNotDone();
				blocker.rollback();
				assertThat(append.get(20, TimeUnit.SECONDS).eventId()).isEqualTo(1);
			}
			assertThat(waited).isNotEmpty();
			assertThat(most.get()).as("backends that waited concurrently").isEqualTo(1);
			assertThat(test.log().read(session, 0, 10)).hasSize(1);
		}
	}

	@Test
	void aLockedSessionDelaysNoOther() throws Exception {
		LogSettings one = new LogSettings(1, 1000, 1000_000, 100, Duration.ofMillis(5), Duration.ofSeconds(30),
				Duration.ofSeconds(2), 1000, 1000);
		try (TestLog test = new TestLog(url, one, (pool) -> pool)) {
			UUID locked = test.newSession("alice");
			List<UUID> others = Stream.generate(() -> test.newSession("bob")).limit(10).toList();
			List<CompletableFuture<AppendResult>> parked = new ArrayList<>();
			AtomicInteger evaluations = new AtomicInteger();
			try (Connection blocker = test.dataSource().getConnection()) {
				blocker.setAutoCommit(false);
				blocker.createStatement()
					.execute("select 1 from ws_sessions where session_id = '" + locked + "' for update");
				for (int round = 0; round < 40; round++) {
					int number = round;
					parked.add(test.log().append(AppendRequest.of(locked, "tick", "{\"n\":" + number + "}")));
					parked.add(test.log()
						.append(EventLogTests.lateBound(locked, "late",
								() -> "{\"n\":" + evaluations.getAndIncrement() + "}")));
					for (UUID other : others) {
						assertThat(test.log().append(AppendRequest.of(other, "tick", "{}"))).succeedsWithin(20,
								TimeUnit.SECONDS);
					}
					assertThat(waitingForALock(test)).isEmpty();
				}
				assertThat(parked).noneMatch(CompletableFuture::isDone);
				blocker.rollback();
			}
			assertThat(parked).allSatisfy((append) -> assertThat(append).succeedsWithin(20, TimeUnit.SECONDS));
			assertThat(parked).extracting((append) -> append.join().eventId())
				.containsExactlyElementsOf(LongStream.rangeClosed(1, 80).boxed().toList());
			assertThat(test.log().flush(Duration.ofSeconds(20))).isTrue();
		}
	}

	@Test
	void appendsToALockedSessionExpire() throws Exception {
		try (TestLog test = new TestLog(url, HASTY, (pool) -> pool)) {
			UUID locked = test.newSession("alice");
			try (Connection blocker = test.dataSource().getConnection()) {
				blocker.setAutoCommit(false);
				blocker.createStatement()
					.execute("select 1 from ws_sessions where session_id = '" + locked + "' for update");
				List<CompletableFuture<AppendResult>> parked = Stream
					.generate(() -> test.log().append(AppendRequest.of(locked, "tick", "{}")))
					.limit(50)
					.toList();
				assertThat(parked).allSatisfy((append) -> assertThat(append).failsWithin(20, TimeUnit.SECONDS)
					.withThrowableThat()
					.withCauseInstanceOf(EventLogUnavailableException.class));
				// an append that expires while it is being written may still be stored
				// once the lock is released
				WriterStatus.Source source = (WriterStatus.Source) test.log();
				await().until(() -> source.writers().stream().allMatch((writer) -> writer.waiting() == 0));
				blocker.rollback();
			}
			await().untilAsserted(() -> assertThat(test.log().append(AppendRequest.of(locked, "after", "{}")))
				.succeedsWithin(20, TimeUnit.SECONDS));
			assertThat(test.log().read(locked, 0, 10)).extracting(SessionEvent::type).containsOnly("after");
		}
	}

	@Test
	void aLockedSessionCannotFillTheQueue() throws Exception {
		LogSettings small = new LogSettings(1, 80, 1000_000, 100, Duration.ofMillis(5), Duration.ofSeconds(30),
				Duration.ofSeconds(2), 1000, 1000);
		try (TestLog test = new TestLog(url, small, (pool) -> pool)) {
			UUID locked = test.newSession("alice");
			UUID other = test.newSession("bob");
			try (Connection blocker = test.dataSource().getConnection()) {
				blocker.setAutoCommit(false);
				blocker.createStatement()
					.execute("select 1 from ws_sessions where session_id = '" + locked + "' for update");
				test.log().append(AppendRequest.of(locked, "tick", "{}"));
				await()
					.until(() -> test.log().append(AppendRequest.of(locked, "tick", "{}")).isCompletedExceptionally());
				assertThat(test.log().append(AppendRequest.of(other, "tick", "{}"))).succeedsWithin(20,
						TimeUnit.SECONDS);
				blocker.rollback();
			}
		}
	}

	/**
	 * Returns the number of transactions that Postgres has rolled back because they
	 * waited for a lock.
	 */
	private static long transactionsWaited(TestLog test) {
		return test.sql()
			.sql("select xact_rollback from pg_stat_database where datname = current_database()")
			.query(Long.class)
			.single();
	}

	private static List<Integer> waitingForALock(TestLog test) {
		return test.sql()
			.sql("select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
			.query(Integer.class)
			.list();
	}

	private static List<CompletableFuture<AppendResult>> appendLarge(TestLog test, UUID session, int count) {
		List<CompletableFuture<AppendResult>> appends = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			appends.add(test.log().append(AppendRequest.of(session, "large", LARGE)));
		}
		return appends;
	}

	private static LogSettings withCommitInterval(Duration interval) {
		return new LogSettings(1, 100, 1024 * 1024, 100, interval, Duration.ofSeconds(30), Duration.ofSeconds(10), 1024,
				1024);
	}

	private DataSource sometimesAway(DataSource dataSource) {
		return new DelegatingDataSource(dataSource) {

			@Override
			public Connection getConnection() throws SQLException {
				if (GroupCommitWriterTests.this.unavailable.get()) {
					throw new SQLException("Postgres is unavailable", "08001");
				}
				return super.getConnection();
			}

		};
	}

}
