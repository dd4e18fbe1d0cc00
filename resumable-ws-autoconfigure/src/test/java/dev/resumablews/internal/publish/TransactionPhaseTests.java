package dev.resumablews.internal.publish;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

import dev.resumablews.ResumableSessions;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.feed.SessionFeed;
import dev.resumablews.internal.log.AppendRequest;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.PayloadApplicationEvent;
import org.springframework.core.Ordered;
import org.springframework.dao.ConcurrencyFailureException;
import org.springframework.dao.QueryTimeoutException;
import org.springframework.jdbc.datasource.LazyConnectionDataSourceProxy;
import org.springframework.jdbc.datasource.TransactionAwareDataSourceProxy;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.event.TransactionPhase;
import org.springframework.transaction.event.TransactionalApplicationListener;
import org.springframework.transaction.support.AbstractPlatformTransactionManager;
import org.springframework.transaction.support.DefaultTransactionStatus;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests publishing and closing in each phase of a transaction of the application.
 */
class TransactionPhaseTests {

	private static TestLog test;

	private static TestLog other;

	private static ResumableSessions sessions;

	private static TransactionTemplate transaction;

	private UUID session;

	private SessionFeed feed;

	@BeforeAll
	static void open() {
		test = new TestLog(TestLog.createDatabase());
		other = new TestLog(TestLog.createDatabase());
		sessions = test.sessions();
		transaction = test.transaction();
	}

	@AfterAll
	static void close() {
		test.close();
		other.close();
	}

	@BeforeEach
	void openSession() {
		this.session = test.newSession("alice");
		this.feed = test.feeds().join(this.session, () -> {
		});
	}

	@ParameterizedTest
	@ValueSource(ints = { Ordered.HIGHEST_PRECEDENCE, 0, Ordered.LOWEST_PRECEDENCE })
	void eventsOfEveryPhaseOfACommitAreStored(int order) {
		transaction.executeWithoutResult((status) -> {
			synchronize(order, "early");
			sessions.publish(this.session, "within", Map.of());
			synchronize(order, "late");
		});
		assertThat(stored()).startsWith("within")
			.containsExactlyInAnyOrder("within", "early.before_commit", "late.before_commit", "early.before_completion",
					"late.before_completion", "early.after_commit", "late.after_commit", "early.after_completion",
					"late.after_completion");
		assertThat(delivered()).containsExactlyElementsOf(stored());
	}

	@Test
	void firstEventsOfEveryPhaseOfACommitAreStored() {
		transaction.executeWithoutResult((status) -> synchronize(Ordered.LOWEST_PRECEDENCE, "only"));
		assertThat(delivered()).containsExactly("only.before_commit", "only.before_completion", "only.after_commit",
				"only.after_completion");
	}

	@ParameterizedTest
	@ValueSource(strings = { "before_commit", "before_completion", "after_commit", "after_completion" })
	void aTransactionCanPublishInOnePhaseOnly(String phase) {
		transaction.executeWithoutResult((status) -> TransactionSynchronizationManager
			.registerSynchronization(new PublishingSynchronization(Ordered.LOWEST_PRECEDENCE, "only", (type) -> {
				if (type.equals("only." + phase)) {
					sessions.publish(this.session, type, Map.of());
				}
			})));
		assertThat(stored()).containsExactly("only." + phase);
		assertThat(delivered()).containsExactly("only." + phase);
	}

	@Test
	void anEventPublishedAfterTheCommitIsDurableWhenPublishReturns() {
		List<String> seen = new ArrayList<>();
		transaction.executeWithoutResult(
				(status) -> TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {

					@Override
					public void afterCommit() {
						sessions.publish(TransactionPhaseTests.this.session, "one", Map.of());
						assertThat(sessions.publishToUser("nobody", "two", Map.of())).isZero();
						seen.addAll(other(() -> stored()));
					}

				}));
		assertThat(seen).containsExactly("one");
	}

	@Test
	void aRollbackDiscardsEventsPublishedBeforeItAndKeepsThoseAfterIt() {
		transaction.executeWithoutResult((status) -> {
			synchronize(Ordered.LOWEST_PRECEDENCE, "only");
			sessions.publish(this.session, "never", Map.of());
			status.setRollbackOnly();
		});
		assertThat(stored()).containsExactly("only.after_completion");
		assertThat(delivered()).containsExactly("only.after_completion");
	}

	@ParameterizedTest
	@EnumSource(TransactionPhase.class)
	void transactionalEventListenersPublishInEachPhase(TransactionPhase phase) {
		for (boolean rollback : List.of(false, true)) {
			transaction.executeWithoutResult((status) -> {
				TransactionalApplicationListener
					.forPayload(phase, (payload) -> sessions.publish(this.session, "listener", Map.of()))
					.onApplicationEvent(new PayloadApplicationEvent<>(this, "saved"));
				if (rollback) {
					status.setRollbackOnly();
				}
			});
		}
		int expected = switch (phase) {
			case BEFORE_COMMIT, AFTER_COMMIT, AFTER_ROLLBACK -> 1;
			case AFTER_COMPLETION -> 2;
		};
		assertThat(delivered()).hasSize(expected).containsOnly("listener");
	}

	@Test
	void eventsPublishedOutsideASuspendedTransactionAreStoredAtOnce() {
		transaction.executeWithoutResult((status) -> {
			sessions.publish(this.session, "never", Map.of());
			with(TransactionDefinition.PROPAGATION_NOT_SUPPORTED).executeWithoutResult((inner) -> {
				sessions.publish(this.session, "kept", Map.of());
				assertThat(delivered()).containsExactly("kept");
			});
			status.setRollbackOnly();
		});
		assertThat(stored()).containsExactly("kept");
	}

	@Test
	void aTransactionThatBeginsAfterTheCommitIsIndependent() {
		transaction.executeWithoutResult(
				(status) -> TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {

					@Override
					public void afterCompletion(int completion) {
						with(TransactionDefinition.PROPAGATION_REQUIRES_NEW).executeWithoutResult((inner) -> {
							sessions.publish(TransactionPhaseTests.this.session, "never", Map.of());
							inner.setRollbackOnly();
						});
						sessions.publish(TransactionPhaseTests.this.session, "kept", Map.of());
					}

				}));
		assertThat(stored()).containsExactly("kept");
	}

	@Test
	void anInnerTransactionOfAnotherDataSourceDoesNotCommitEvents() {
		transaction.executeWithoutResult((status) -> {
			other.transaction().executeWithoutResult((inner) -> sessions.publish(this.session, "never", Map.of()));
			status.setRollbackOnly();
		});
		assertThat(stored()).isEmpty();
		assertThat(delivered()).isEmpty();
		transaction.executeWithoutResult((status) -> other.transaction().executeWithoutResult((inner) -> {
			sessions.publish(this.session, "kept", Map.of());
			inner.setRollbackOnly();
		}));
		assertThat(delivered()).containsExactly("kept");
	}

	@Test
	void aTransactionOfAnotherDataSourceDoesNotIncludeEvents() {
		other.transaction().executeWithoutResult((status) -> {
			// binds a connection of the log's data source that is in no transaction
			assertThat(test.sql().sql("select 1").query(Integer.class).single()).isEqualTo(1);
			sessions.publish(this.session, "kept", Map.of());
			assertThat(delivered()).containsExactly("kept");
			status.setRollbackOnly();
		});
		assertThat(stored()).containsExactly("kept");
	}

	@Test
	void aTransactionThatCannotBeTrackedIsRejected() {
		JdbcTransactionManager unknown = new JdbcTransactionManager(test.dataSource());
		JdbcTransactionManager unsynchronized = test.followed(new JdbcTransactionManager(test.dataSource()));
		unsynchronized.setTransactionSynchronization(AbstractPlatformTransactionManager.SYNCHRONIZATION_NEVER);
		for (JdbcTransactionManager manager : List.of(unknown, unsynchronized)) {
			assertThatExceptionOfType(IllegalStateException.class)
				.isThrownBy(() -> new TransactionTemplate(manager)
					.executeWithoutResult((status) -> sessions.publish(this.session, "never", Map.of())))
				.withMessageContaining("resumableWsTransactionTracker");
		}
		assertThat(stored()).isEmpty();
	}

	@Test
	void aReadOnlyTransactionCannotPublishOrCloseUntilItsEnd() {
		TransactionTemplate readOnly = with(TransactionDefinition.PROPAGATION_REQUIRED);
		readOnly.setReadOnly(true);
		readOnly.executeWithoutResult((status) -> {
			assertThatExceptionOfType(IllegalStateException.class)
				.isThrownBy(() -> sessions.publish(this.session, "never", Map.of()))
				.withMessageContaining("read-only");
			assertThatExceptionOfType(IllegalStateException.class).isThrownBy(() -> sessions.close(this.session))
				.withMessageContaining("read-only");
			TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {

				@Override
				public void afterCommit() {
					sessions.publish(TransactionPhaseTests.this.session, "kept", Map.of());
				}

			});
		});
		assertThat(delivered()).containsExactly("kept");
	}

	@Test
	void aSessionIsClosedAfterEventsPublishedBefore() {
		transaction.executeWithoutResult((status) -> {
			sessions.publish(this.session, "bye", Map.of());
			assertThat(sessions.close(this.session)).isTrue();
			assertThat(sessions.close(this.session)).isFalse();
			assertThatExceptionOfType(UnknownSessionException.class)
				.isThrownBy(() -> sessions.publish(this.session, "never", Map.of()));
			assertThat(sessions.publishToUser("alice", "others", Map.of())).isNotNegative();
		});
		assertThat(delivered()).containsExactly("bye");
		assertThat(this.feed.endsAt(1)).isTrue();
		assertThat(sessions.find(this.session)).hasValueSatisfying((summary) -> assertThat(summary.closed()).isTrue());
	}

	@Test
	void aTransactionThatClosesASessionDoesNotLockItBeforeItsCommit() {
		transaction.executeWithoutResult((status) -> {
			sessions.close(this.session);
			assertThat(test.log().append(AppendRequest.of(this.session, "theirs", "{}"))).succeedsWithin(20,
					TimeUnit.SECONDS);
		});
		assertThat(delivered()).containsExactly("theirs");
		assertThat(this.feed.endsAt(1)).isTrue();
	}

	@Test
	void aSessionIsClosedInEachPhase() {
		UUID before = test.newSession("alice");
		UUID after = test.newSession("alice");
		transaction.executeWithoutResult(
				(status) -> TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {

					@Override
					public void beforeCompletion() {
						assertThat(sessions.close(before)).isTrue();
					}

					@Override
					public void afterCommit() {
						assertThat(sessions.close(after)).isTrue();
					}

				}));
		assertThat(List.of(before, after)).allSatisfy((id) -> assertThat(sessions.find(id))
			.hasValueSatisfying((summary) -> assertThat(summary.closed()).isTrue()));
	}

	@Test
	void theTimeoutOfATransactionLimitsTheWaitForASession() throws Exception {
		TransactionTemplate short1 = with(TransactionDefinition.PROPAGATION_REQUIRED);
		short1.setTimeout(1);
		whileLocked(() -> assertThatExceptionOfType(QueryTimeoutException.class)
			.isThrownBy(() -> short1.executeWithoutResult((status) -> sessions.publish(this.session, "n", Map.of()))));
		assertThat(stored()).isEmpty();
	}

	@Test
	void aTransactionBeyondItsTimeoutIsRolledBack() {
		test.sql().sql("create table if not exists notes (id int)").update();
		TransactionTemplate short1 = with(TransactionDefinition.PROPAGATION_REQUIRED);
		short1.setTimeout(1);
		assertThatExceptionOfType(QueryTimeoutException.class)
			.isThrownBy(() -> short1.executeWithoutResult((status) -> {
				test.sql().sql("insert into notes values (1)").update();
				sessions.publish(this.session, "never", Map.of());
				test.sql().sql("select pg_sleep(0.9)").query((row) -> {
				});
				long deadline = System.nanoTime() + Duration.ofMillis(300).toNanos();
				while (System.nanoTime() < deadline) {
					Thread.onSpinWait();
				}
			}));
		assertThat(stored()).isEmpty();
		assertThat(test.sql().sql("select count(*) from notes").query(Integer.class).single()).isZero();
	}

	@Test
	void aShorterLockTimeoutOfTheApplicationIsAConcurrencyFailure() throws Exception {
		whileLocked(() -> assertThatExceptionOfType(ConcurrencyFailureException.class)
			.isThrownBy(() -> transaction.executeWithoutResult((status) -> {
				test.sql().sql("set local lock_timeout = '200ms'").update();
				sessions.publish(this.session, "never", Map.of());
			})));
		assertThat(stored()).isEmpty();
	}

	@Test
	void aSerializationFailureIsAConcurrencyFailure() {
		TransactionTemplate repeatable = with(TransactionDefinition.PROPAGATION_REQUIRED);
		repeatable.setIsolationLevel(TransactionDefinition.ISOLATION_REPEATABLE_READ);
		AtomicInteger attempts = new AtomicInteger();
		Runnable attempt = () -> repeatable.executeWithoutResult((status) -> {
			sessions.find(this.session);
			if (attempts.getAndIncrement() == 0) {
				assertThat(test.log().append(AppendRequest.of(this.session, "theirs", "{}"))).succeedsWithin(20,
						TimeUnit.SECONDS);
			}
			sessions.publish(this.session, "mine", Map.of());
		});
		assertThatExceptionOfType(ConcurrencyFailureException.class).isThrownBy(attempt::run);
		attempt.run();
		assertThat(delivered()).containsExactly("theirs", "mine");
	}

	@Test
	void postgresLimitsTheTimeBeforeACommit() {
		AtomicReference<String> bounds = new AtomicReference<>();
		JdbcTransactionManager observing = test.followed(new JdbcTransactionManager(test.dataSource()) {

			private static final long serialVersionUID = 1;

			@Override
			protected void doCommit(DefaultTransactionStatus status) {
				bounds.set(test.sql()
					.sql("select current_setting('lock_timeout') || ' ' "
							+ "|| current_setting('idle_in_transaction_session_timeout')")
					.query(String.class)
					.single());
				super.doCommit(status);
			}

		});
		new TransactionTemplate(observing)
			.executeWithoutResult((status) -> sessions.publish(this.session, "one", Map.of()));
		assertThat(bounds).hasValue("10s 5s");
		assertThat(test.sql().sql("show lock_timeout").query(String.class).single()).isEqualTo("0");
	}

	@Test
	void aTransactionCanPublishMoreThanOneBatch() {
		UUID second = test.newSession("alice");
		transaction.executeWithoutResult((status) -> IntStream.range(0, 2500).forEach((i) -> {
			sessions.publish(this.session, "e" + i, Map.of());
			sessions.publish(second, "e" + i, Map.of());
		}));
		List<String> expected = IntStream.range(0, 2500).mapToObj((i) -> "e" + i).toList();
		for (UUID id : List.of(this.session, second)) {
			List<String> read = new ArrayList<>();
			for (long after = 0; after < 2500; after = read.size()) {
				test.log().read(id, after, 1000).forEach((event) -> read.add(event.type()));
			}
			assertThat(read).isEqualTo(expected);
		}
	}

	@Test
	void publishingIsTransactionalBehindDataSourceProxies() {
		TransactionAwareDataSourceProxy aware = new TransactionAwareDataSourceProxy(test.dataSource());
		for (var dataSource : List.of(aware,
				new TransactionAwareDataSourceProxy(new LazyConnectionDataSourceProxy(test.dataSource())),
				new LazyConnectionDataSourceProxy(aware))) {
			TransactionTracker tracker = new TransactionTracker(() -> dataSource);
			DefaultResumableSessions proxied = test.sessions(tracker, dataSource);
			JdbcTransactionManager manager = new JdbcTransactionManager(dataSource);
			manager.addListener(tracker);
			new TransactionTemplate(manager).executeWithoutResult((status) -> {
				proxied.publish(this.session, "never", Map.of());
				status.setRollbackOnly();
			});
			new TransactionTemplate(manager).executeWithoutResult((status) -> {
				proxied.publish(this.session, "kept", Map.of());
				assertThat(other(this::stored)).doesNotContain("never");
			});
		}
		assertThat(stored()).containsExactly("kept", "kept", "kept");
	}

	/**
	 * Runs a task while another transaction has locked the row of the session.
	 */
	private void whileLocked(Runnable task) throws Exception {
		CountDownLatch locked = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		CompletableFuture<Void> holder = CompletableFuture
			.runAsync(() -> new TransactionTemplate(new JdbcTransactionManager(test.dataSource()))
				.executeWithoutResult((status) -> {
					test.sql()
						.sql("select 1 from ws_sessions where session_id = ? for update")
						.param(this.session)
						.query(Integer.class)
						.single();
					locked.countDown();
					awaitUninterrupted(release);
				}));
		awaitUninterrupted(locked);
		try {
			task.run();
		}
		finally {
			release.countDown();
			holder.get(20, TimeUnit.SECONDS);
		}
	}

	private static void awaitUninterrupted(CountDownLatch latch) {
		try {
			assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Evaluates a query on another thread, which reads only committed data.
	 */
	private static <T> T other(java.util.function.Supplier<T> question) {
		return CompletableFuture.supplyAsync(question).join();
	}

	private void synchronize(int order, String name) {
		TransactionSynchronizationManager.registerSynchronization(
				new PublishingSynchronization(order, name, (type) -> sessions.publish(this.session, type, Map.of())));
	}

	private static TransactionTemplate with(int propagation) {
		return TestLog.with(transaction, propagation);
	}

	private List<String> stored() {
		return test.stored(this.session);
	}

	private List<String> delivered() {
		return TestLog.delivered(this.feed);
	}

}
