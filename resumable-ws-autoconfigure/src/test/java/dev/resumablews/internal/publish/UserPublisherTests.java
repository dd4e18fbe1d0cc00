package dev.resumablews.internal.publish;

import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.Stream;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.feed.SessionFeed;
import dev.resumablews.testing.Fault;
import dev.resumablews.testing.FaultyPostgres;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.PostgresRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

/**
 * Tests events for all sessions of a user, outside a transaction of the application.
 */
class UserPublisherTests {

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private static FaultyPostgres postgres;

	private static TestLog test;

	private final String user = "user " + UUID.randomUUID();

	@BeforeAll
	static void open() {
		postgres = FaultyPostgres.to(TestLog.createDatabase());
		test = new TestLog(postgres.url());
	}

	@AfterAll
	static void close() {
		test.close();
		postgres.close();
	}

	@Test
	void allEventsAreStoredByOneTransactionAndDelivered() {
		List<UUID> sessions = sessions(5);
		sessions.add(test.newEmptySession(this.user));
		List<SessionFeed> feeds = sessions.stream().map((session) -> test.feeds().join(session, () -> {
		})).toList();
		assertThat(publish()).isEqualTo(6);
		assertThat(feeds).allSatisfy((feed) -> assertThat(TestLog.delivered(feed)).containsExactly("tick"));
		assertThat(test.sql()
			.sql("select distinct xmin::text from ws_events where session_id in (select session_id from ws_sessions where user_id = ?)")
			.param(this.user)
			.query(String.class)
			.list()).hasSize(1);
	}

	@Test
	void aSessionThatStaysLockedFailsThePublicationOfAll() throws Exception {
		List<UUID> sessions = sessions(5);
		try (Connection transaction = locked(sessions.get(3))) {
			UserPublisher impatient = test.users(Duration.ofMillis(700), 10);
			assertThatExceptionOfType(EventLogUnavailableException.class)
				.isThrownBy(() -> impatient.publish(this.user, "tick", "{}"));
			transaction.rollback();
		}
		assertThat(events()).isZero();
	}

	@Test
	void aTemporarilyLockedSessionDelaysThePublication() throws Exception {
		List<UUID> sessions = sessions(5);
		CompletableFuture<Integer> published;
		try (Connection transaction = locked(sessions.get(3))) {
			published = CompletableFuture.supplyAsync(this::publish);
			awaitWaiting();
			transaction.rollback();
		}
		assertThat(published).succeedsWithin(PATIENCE).isEqualTo(5);
		assertThat(events()).isEqualTo(5);
	}

	@Test
	void aConcurrentlyClosedSessionIsSkippedAndNotCounted() throws Exception {
		List<UUID> sessions = sessions(5);
		CompletableFuture<Integer> published;
		try (Connection transaction = locked(sessions.get(3))) {
			published = CompletableFuture.supplyAsync(this::publish);
			awaitWaiting();
			transaction.createStatement()
				.execute("update ws_sessions set closed_at = now() where session_id = '" + sessions.get(3) + "'");
			transaction.commit();
		}
		assertThat(published).succeedsWithin(PATIENCE).isEqualTo(4);
		assertThat(events()).isEqualTo(4);
	}

	@Test
	void aUserWithTooManySessionsIsRejected() {
		sessions(7);
		UserPublisher users = test.users(Duration.ofSeconds(10), 5);
		assertThatIllegalStateException().isThrownBy(() -> users.publish(this.user, "tick", "{}"))
			.withMessageContaining("has 7 open sessions")
			.withMessageContaining("published to at most 5")
			.withMessageContaining("resumable-ws.user.max-sessions");
		sessions(4);
		assertThatIllegalStateException().isThrownBy(() -> users.find(this.user))
			.withMessageContaining("has 10 or more open sessions");
		assertThat(events()).isZero();
	}

	@Test
	void tenThousandSessionsAreTheMaximum() {
		test.sql()
			.sql("insert into ws_sessions (session_id, user_id) select gen_random_uuid(), ? from generate_series(1, 10001)")
			.param(this.user)
			.update();
		assertThatIllegalStateException().isThrownBy(this::publish).withMessageContaining("10001");
		assertThatIllegalStateException()
			.isThrownBy(() -> test.transaction().executeWithoutResult((status) -> publish()))
			.withMessageContaining("10001");
		assertThat(events()).isZero();
	}

	/**
	 * The sessions are locked in any order, and get their first event at the same time.
	 */
	@Test
	void concurrentPublicationsDoNotDeadlock() {
		List<UUID> sessions = sessions(20);
		long before = deadlocks();
		AtomicBoolean ended = new AtomicBoolean();
		Supplier<Integer> publishing = () -> {
			int count = 0;
			for (; !ended.get(); count++) {
				test.newEmptySession(this.user);
				publish();
			}
			return count;
		};
		Supplier<Integer> appending = () -> {
			int count = 0;
			for (; !ended.get(); count++) {
				sessions.stream()
					.map((session) -> test.sessions().publishAsync(session, "other", Map.of()))
					.toList()
					.forEach(CompletableFuture::join);
			}
			return count;
		};
		Supplier<Integer> inTransactions = () -> {
			int count = 0;
			for (; !ended.get(); count++) {
				test.transaction().executeWithoutResult((status) -> publish());
			}
			return count;
		};
		List<CompletableFuture<Integer>> runs = Stream.of(publishing, publishing, publishing, appending, inTransactions)
			.map(CompletableFuture::supplyAsync)
			.toList();
		await().atMost(PATIENCE)
			.until(() -> runs.stream().anyMatch(CompletableFuture::isDone) || events("tick") > 20_000);
		ended.set(true);
		assertThat(runs).allSatisfy(
				(run) -> assertThat(run).succeedsWithin(PATIENCE).satisfies((count) -> assertThat(count).isPositive()));
		assertThat(deadlocks()).isEqualTo(before);
	}

	@ParameterizedTest
	@EnumSource(value = Fault.class, names = { "DROP", "DROP_ANSWER" })
	@NotUnderFaults("Loses one commit, and no other")
	void allEventsAreStoredOnceWhenTheCommitOrItsAnswerIsLost(Fault fault) {
		List<UUID> sessions = sessions(5);
		SessionFeed feed = test.feeds().join(sessions.get(0), () -> {
		});
		AtomicBoolean struck = new AtomicBoolean();
		postgres.plan((request) -> isCommitOfEvents(request) && struck.compareAndSet(false, true) ? fault : Fault.NONE);
		try {
			assertThat(publish()).isEqualTo(5);
		}
		finally {
			postgres.plan((request) -> Fault.NONE);
		}
		assertThat(struck).isTrue();
		assertThat(events()).isEqualTo(5);
		assertThat(TestLog.delivered(feed)).containsExactly("tick");
	}

	@Test
	void anInterruptedTransactionStoresNothing() throws Exception {
		List<UUID> sessions = sessions(2);
		try (Connection transaction = locked(sessions.get(0))) {
			CompletableFuture<Throwable> failure = new CompletableFuture<>();
			Thread thread = new Thread(() -> {
				try {
					publish();
					failure.complete(new AssertionError("published"));
				}
				catch (EventLogUnavailableException ex) {
					failure.complete(ex);
				}
			}, "publishing");
			thread.start();
			awaitWaiting();
			thread.interrupt();
			assertThat(failure.get(20, TimeUnit.SECONDS)).isInstanceOf(EventLogUnavailableException.class);
			transaction.rollback();
		}
		assertThat(events()).isZero();
	}

	private static boolean isCommitOfEvents(PostgresRequest request) {
		return request.isCommit() && request.key().contains("input as materialized");
	}

	private int publish() {
		return test.sessions().publishToUser(this.user, "tick", Map.of());
	}

	private List<UUID> sessions(int count) {
		return new ArrayList<>(Stream.generate(() -> test.newSession(this.user)).limit(count).toList());
	}

	private static Connection locked(UUID session) throws Exception {
		Connection transaction = test.dataSource().getConnection();
		transaction.setAutoCommit(false);
		transaction.createStatement()
			.execute("select 1 from ws_sessions where session_id = '" + session + "' for update");
		return transaction;
	}

	private static void awaitWaiting() {
		await().atMost(PATIENCE)
			.until(() -> test.sql()
				.sql("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
				.query(Integer.class)
				.single() > 0);
	}

	private static long deadlocks() {
		return test.sql()
			.sql("select deadlocks from pg_stat_database where datname = current_database()")
			.query(Long.class)
			.single();
	}

	private long events() {
		return events("tick");
	}

	private long events(String type) {
		return test.sql().sql("""
				select count(*) from ws_events
				where type = ? and session_id in (select session_id from ws_sessions where user_id = ?)
				""").params(type, this.user).query(Long.class).single();
	}

}
