package dev.resumablews.internal.publish;

import java.sql.SQLException;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.SessionEvent;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.AppendResult;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.datasource.DelegatingDataSource;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.transaction.support.DefaultTransactionStatus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

class IdempotentExecutorTests {

	private static TestLog test;

	private static IdempotentExecutor once;

	private final AtomicInteger runs = new AtomicInteger();

	private final UUID key = UUID.randomUUID();

	private UUID session;

	@BeforeAll
	static void open() {
		test = new TestLog(TestLog.createDatabase());
		once = test.onceOnly();
	}

	@AfterAll
	static void close() {
		test.close();
	}

	@BeforeEach
	void openSession() {
		this.session = test.newSession("alice");
	}

	@Test
	void theWorkRunsOnceForAKey() {
		assertThat(once.run(this.session, "alice", this.key, this.runs::incrementAndGet)).isTrue();
		assertThat(once.run(this.session, "alice", this.key, this.runs::incrementAndGet)).isFalse();
		assertThat(this.runs).hasValue(1);
		assertThat(once.run(this.session, "alice", UUID.randomUUID(), this.runs::incrementAndGet)).isTrue();
		assertThat(once.run(test.newSession("alice"), "alice", this.key, this.runs::incrementAndGet)).isTrue();
	}

	@Test
	void failedWorkRunsAgain() {
		assertThatExceptionOfType(IllegalStateException.class)
			.isThrownBy(() -> once.run(this.session, "alice", this.key, () -> {
				test.sessions().publish(this.session, "never", Map.of());
				throw new IllegalStateException("the application failed");
			}));
		assertThat(test.log().read(this.session, 0, 10)).isEmpty();
		assertThat(once.run(this.session, "alice", this.key, this.runs::incrementAndGet)).isTrue();
		assertThat(this.runs).hasValue(1);
	}

	@Test
	void aTransactionManagerOfAnotherDataSourceIsNotUsed() {
		try (TestLog other = new TestLog(TestLog.createDatabase())) {
			IdempotentExecutor foreign = test.onceOnly(other.transactionManager());
			assertThatExceptionOfType(IllegalStateException.class)
				.isThrownBy(() -> foreign.run(this.session, "alice", this.key, () -> {
					test.sessions().publish(this.session, "never", Map.of());
					throw new IllegalStateException("the application failed");
				}));
			assertThat(test.log().read(this.session, 0, 10)).isEmpty();
			for (int i = 0; i < 2; i++) {
				foreign.run(this.session, "alice", this.key,
						() -> test.sessions().publish(this.session, "once", Map.of()));
			}
			assertThat(test.log().read(this.session, 0, 10)).extracting(SessionEvent::type).containsExactly("once");
		}
	}

	@Test
	void eventsAreStoredWithTheKey() {
		for (int i = 0; i < 3; i++) {
			once.run(this.session, "alice", this.key, () -> test.sessions().publish(this.session, "once", Map.of()));
		}
		assertThat(test.log().read(this.session, 0, 10)).extracting(SessionEvent::type).containsExactly("once");
	}

	@Test
	void aHandlerThatHoldsItsKeyDelaysNoWriter() throws Exception {
		CompletableFuture<AppendResult> sameKey = new CompletableFuture<>();
		assertThat(once.run(this.session, "alice", this.key, () -> {
			sameKey.complete(test.log()
				.append(AppendRequest.of(this.session, "user_message", "{}").once("alice", this.key))
				.orTimeout(20, TimeUnit.SECONDS)
				.join());
			this.runs.incrementAndGet();
		})).isTrue();
		assertThat(sameKey.join().duplicate()).isFalse();
		assertThat(sameKey.join().eventId()).isEqualTo(1);
		assertThat(once.run(this.session, "alice", this.key, this.runs::incrementAndGet)).isFalse();
		assertThat(this.runs).hasValue(1);
	}

	@Test
	void aConcurrentAttemptIsRejectedAndIsADuplicateAfterwards() throws Exception {
		assertThat(secondAttemptWhileTheFirst(() -> {
		})).isFalse();
	}

	@Test
	void aConcurrentAttemptIsRejectedAndRunsAfterTheFirstHasFailed() throws Exception {
		assertThat(secondAttemptWhileTheFirst(() -> {
			throw new IllegalStateException("the application failed");
		})).isTrue();
	}

	@Test
	void aSessionOfAnotherUserIsUnknown() {
		assertThatExceptionOfType(UnknownSessionException.class)
			.isThrownBy(() -> once.run(this.session, "mallory", this.key, this.runs::incrementAndGet));
		assertThatExceptionOfType(UnknownSessionException.class)
			.isThrownBy(() -> once.run(UUID.randomUUID(), "alice", this.key, this.runs::incrementAndGet));
		test.sessions().close(this.session);
		assertThatExceptionOfType(UnknownSessionException.class)
			.isThrownBy(() -> once.run(this.session, "alice", this.key, this.runs::incrementAndGet));
		assertThat(this.runs).hasValue(0);
	}

	@Test
	void aMessageOfAnEmptySessionIsHandledEvenIfARollbackFails() {
		IdempotentExecutor broken = test.onceOnly(test.followed(new JdbcTransactionManager(test.dataSource()) {

			@Override
			protected void doRollback(DefaultTransactionStatus status) {
				super.doRollback(status);
				throw new TransactionSystemException("The connection is lost");
			}

		}));
		UUID empty = test.newEmptySession("alice");
		assertThat(broken.run(empty, "alice", this.key, this.runs::incrementAndGet)).isTrue();
		assertThat(this.runs).hasValue(1);
	}

	@Test
	void aFailedStatementOfTheApplicationIsNotTranslated() {
		assertThatExceptionOfType(DataIntegrityViolationException.class).isThrownBy(() -> once.run(this.session,
				"alice", this.key, () -> test.sql().sql("insert into ws_sessions values (null)").update()));
	}

	@Test
	void aPermanentCommitFailureIsNotUnavailable() {
		test.sql().sql("create table if not exists tickets (id int unique deferrable initially deferred)").update();
		assertThatExceptionOfType(DataIntegrityViolationException.class).isThrownBy(() -> once.run(this.session,
				"alice", this.key, () -> test.sql().sql("insert into tickets values (1), (1)").update()));
		assertThat(once.run(this.session, "alice", this.key, this.runs::incrementAndGet)).isTrue();
	}

	@Test
	void aPermanentFlushFailureIsNotUnavailable() {
		try (TestJpa jpa = new TestJpa(test.dataSource())) {
			IdempotentExecutor withJpa = test.onceOnly(test.followed(jpa.transactionManager()));
			Runnable work = () -> {
				jpa.entities().persist(new Purchase(this.runs.incrementAndGet(), -1));
				test.sessions().publish(this.session, "saved", Map.of());
			};
			assertThat(withJpa.run(this.session, "alice", this.key, work)).isTrue();
			UUID next = UUID.randomUUID();
			assertThatExceptionOfType(DataIntegrityViolationException.class)
				.isThrownBy(() -> withJpa.run(this.session, "alice", next, work));
			assertThat(withJpa.run(this.session, "alice", next, this.runs::incrementAndGet)).isTrue();
			assertThat(test.log().read(this.session, 0, 10)).hasSize(1);
		}
	}

	@Test
	void aCommitThatAnotherTransactionBlocksIsUnavailable() throws SQLException {
		try (java.sql.Connection connection = test.dataSource().getConnection()) {
			connection.setAutoCommit(false);
			connection.createStatement()
				.executeQuery("select 1 from ws_sessions where session_id = '%s' for update".formatted(this.session));
			assertThatExceptionOfType(EventLogUnavailableException.class)
				.isThrownBy(() -> once.run(this.session, "alice", this.key, () -> {
					test.sql().sql("set local lock_timeout = '100ms'").update();
					test.sessions().publish(this.session, "never", Map.of());
				}));
			connection.rollback();
		}
		assertThat(once.run(this.session, "alice", this.key, this.runs::incrementAndGet)).isTrue();
	}

	@Test
	void aLostDatabaseIsUnavailableBeforeAndAfterTheWork() {
		AtomicBoolean unavailable = new AtomicBoolean();
		DelegatingDataSource dataSource = new DelegatingDataSource(test.dataSource()) {

			@Override
			public java.sql.Connection getConnection() throws SQLException {
				if (unavailable.get()) {
					throw new SQLException("Postgres is unavailable", "08001");
				}
				return super.getConnection();
			}

		};
		JdbcExecutor database = new JdbcExecutor(dataSource, new dev.resumablews.internal.schema.SchemaName(""),
				java.time.Duration.ofSeconds(10));
		IdempotentExecutor unreliable = new IdempotentExecutor(database, null, new TransactionTracker(() -> dataSource),
				1, java.time.Duration.ofSeconds(10));
		assertThatExceptionOfType(EventLogUnavailableException.class)
			.isThrownBy(() -> unreliable.run(this.session, "alice", this.key, () -> {
				this.runs.incrementAndGet();
				terminateOtherConnections(dataSource);
			}));
		assertThat(this.runs).hasValue(1);
		unavailable.set(true);
		assertThatExceptionOfType(EventLogUnavailableException.class)
			.isThrownBy(() -> unreliable.run(this.session, "alice", this.key, this.runs::incrementAndGet));
		unavailable.set(false);
		assertThat(unreliable.run(this.session, "alice", this.key, this.runs::incrementAndGet)).isTrue();
		assertThat(this.runs).hasValue(2);
	}

	/**
	 * Terminates the connection of the transaction, so that its commit fails.
	 */
	private static void terminateOtherConnections(DelegatingDataSource dataSource) {
		int pid = org.springframework.jdbc.core.simple.JdbcClient.create(dataSource)
			.sql("select pg_backend_pid()")
			.query(Integer.class)
			.single();
		test.sql().sql("select pg_terminate_backend(?, 10000)").param(pid).query(Boolean.class).single();
	}

	private boolean secondAttemptWhileTheFirst(Runnable end) throws Exception {
		CountDownLatch working = new CountDownLatch(1);
		CountDownLatch release = new CountDownLatch(1);
		CompletableFuture<Boolean> first = CompletableFuture
			.supplyAsync(() -> once.run(this.session, "alice", this.key, () -> {
				working.countDown();
				try {
					release.await(20, TimeUnit.SECONDS);
				}
				catch (InterruptedException ex) {
					throw new IllegalStateException(ex);
				}
				end.run();
			}));
		assertThat(working.await(20, TimeUnit.SECONDS)).isTrue();
		for (int i = 0; i < 20; i++) {
			assertThatExceptionOfType(EventLogUnavailableException.class)
				.isThrownBy(() -> once.run(this.session, "alice", this.key, this.runs::incrementAndGet));
		}
		assertThat(this.runs).hasValue(0);
		release.countDown();
		assertThat(first.handle((done, failure) -> true)).succeedsWithin(20, TimeUnit.SECONDS);
		return once.run(this.session, "alice", this.key, this.runs::incrementAndGet);
	}

}
