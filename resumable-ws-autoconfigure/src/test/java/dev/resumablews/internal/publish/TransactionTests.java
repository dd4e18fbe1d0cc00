package dev.resumablews.internal.publish;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.ResumableSessions;
import dev.resumablews.SessionEvent;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.feed.SessionFeed;
import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.testing.NotUnderFaults;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests events that are published within a transaction of the application.
 */
class TransactionTests {

	private static TestLog test;

	private static ResumableSessions sessions;

	private static TransactionTemplate transaction;

	private UUID session;

	private SessionFeed feed;

	private final AtomicInteger wakeUps = new AtomicInteger();

	@BeforeAll
	static void open() {
		test = new TestLog(TestLog.createDatabase());
		sessions = test.sessions();
		transaction = test.transaction();
		test.sql().sql("create table orders (id int)").update();
	}

	@AfterAll
	static void close() {
		test.close();
	}

	@BeforeEach
	void openSession() {
		this.session = test.newSession("alice");
		this.feed = test.feeds().join(this.session, this.wakeUps::incrementAndGet);
		test.sql().sql("delete from orders").update();
	}

	@Test
	void anEventIsStoredWithOtherWritesOfTheTransactionAndDeliveredAfterwards() {
		transaction.executeWithoutResult((status) -> {
			order();
			sessions.publish(this.session, "one", Map.of());
			sessions.publish(this.session, "two", Map.of("n", 2));
			assertThat(stored()).isEmpty();
			assertThat(this.feed.last()).isZero();
		});
		assertThat(orders()).isEqualTo(1);
		assertThat(stored()).containsExactly("one", "two");
		assertThat(delivered()).containsExactly("one", "two");
		assertThat(this.wakeUps).hasValue(1);
	}

	@Test
	void eventAndOrderAreStoredByTheSameTransaction() {
		transaction.executeWithoutResult((status) -> {
			order();
			sessions.publish(this.session, "one", Map.of());
		});
		assertThat(test.sql()
			.sql("select (select xmin::text from orders) = (select xmin::text from ws_events where session_id = ?)")
			.param(this.session)
			.query(Boolean.class)
			.single()).isTrue();
	}

	@Test
	void aRolledBackEventLeavesNoTrace() throws Exception {
		transaction.executeWithoutResult((status) -> {
			order();
			sessions.publish(this.session, "never", Map.of());
			status.setRollbackOnly();
		});
		assertThatExceptionOfType(IllegalStateException.class)
			.isThrownBy(() -> transaction.executeWithoutResult((status) -> {
				sessions.publish(this.session, "never", Map.of());
				throw new IllegalStateException("the application failed");
			}));
		assertThat(orders()).isZero();
		assertThat(stored()).isEmpty();
		assertThat(delivered()).isEmpty();
		assertThat(test.log().append(AppendRequest.of(this.session, "next", "{}")).get(20, TimeUnit.SECONDS).eventId())
			.isEqualTo(1);
	}

	@Test
	void aFailedCommitRollsBackTheEvent() {
		test.sql().sql("create table if not exists checked (id int unique deferrable initially deferred)").update();
		assertThatExceptionOfType(RuntimeException.class)
			.isThrownBy(() -> transaction.executeWithoutResult((status) -> {
				sessions.publish(this.session, "never", Map.of());
				test.sql().sql("insert into checked values (1), (1)").update();
			}));
		assertThat(stored()).isEmpty();
		assertThat(delivered()).isEmpty();
	}

	@Test
	void anEventRolledBackToASavepointLeavesNoTrace() {
		TransactionTemplate nested = with(TransactionDefinition.PROPAGATION_NESTED);
		transaction.executeWithoutResult((status) -> {
			sessions.publish(this.session, "before", Map.of());
			nested.executeWithoutResult((inner) -> {
				sessions.publish(this.session, "never", Map.of());
				inner.setRollbackOnly();
			});
			nested.executeWithoutResult((inner) -> sessions.publish(this.session, "kept", Map.of()));
			sessions.publish(this.session, "after", Map.of());
		});
		assertThat(stored()).containsExactly("before", "kept", "after");
		assertThat(delivered()).containsExactly("before", "kept", "after");
	}

	@Test
	void aRollbackToASavepointBeforeTheFirstEventWorks() {
		transaction.executeWithoutResult((status) -> {
			Object savepoint = status.createSavepoint();
			sessions.publish(this.session, "never", Map.of());
			status.rollbackToSavepoint(savepoint);
			sessions.publish(this.session, "kept", Map.of());
		});
		assertThat(stored()).containsExactly("kept");
		assertThat(delivered()).containsExactly("kept");
	}

	@Test
	void anInnerTransactionIsIndependent() {
		TransactionTemplate apart = with(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
		transaction.executeWithoutResult((status) -> {
			sessions.publish(this.session, "never", Map.of());
			apart.executeWithoutResult((inner) -> sessions.publish(this.session, "kept", Map.of()));
			assertThat(delivered()).containsExactly("kept");
			status.setRollbackOnly();
		});
		assertThat(stored()).containsExactly("kept");
	}

	@Test
	void eventsOfAnotherSynchronizationBeforeTheCommitAreStored() {
		transaction
			.executeWithoutResult((status) -> beforeCommit(() -> sessions.publish(this.session, "late", Map.of())));
		assertThat(stored()).containsExactly("late");
		assertThat(delivered()).containsExactly("late");
	}

	@Test
	void eventsOfAnotherSynchronizationKeepTheirOrder() {
		transaction.executeWithoutResult((status) -> {
			sessions.publish(this.session, "one", Map.of());
			beforeCommit(() -> sessions.publish(this.session, "two", Map.of()));
		});
		assertThat(stored()).containsExactly("one", "two");
		assertThat(delivered()).containsExactly("one", "two");
	}

	@Test
	void anUnknownSessionMakesTheCommitFail() {
		assertThatExceptionOfType(UnknownSessionException.class)
			.isThrownBy(() -> transaction.executeWithoutResult((status) -> {
				order();
				sessions.publish(this.session, "never", Map.of());
				sessions.publish(UUID.randomUUID(), "nobody", Map.of());
			}));
		assertThat(orders()).isZero();
		assertThat(stored()).isEmpty();
		assertThat(delivered()).isEmpty();
	}

	@Test
	void aConcurrentlyClosedSessionIsSkipped() {
		String user = UUID.randomUUID().toString();
		UUID one = test.newSession(user);
		UUID two = test.newSession(user);
		int published = transaction.execute((status) -> {
			int count = sessions.publishToUser(user, "news", Map.of());
			with(TransactionDefinition.PROPAGATION_REQUIRES_NEW).executeWithoutResult((inner) -> sessions.close(two));
			return count;
		});
		assertThat(published).isEqualTo(2);
		assertThat(test.log().read(one, 0, 10)).extracting(SessionEvent::type).containsExactly("news");
		assertThat(test.log().read(two, 0, 10)).isEmpty();
	}

	@Test
	void aSessionIsClosedByTheCommit() {
		transaction.executeWithoutResult((status) -> {
			assertThat(sessions.close(this.session)).isTrue();
			assertThat(this.feed.endsAt(0)).isFalse();
		});
		assertThat(this.feed.endsAt(0)).isTrue();
	}

	@Test
	void aSessionWhoseCloseIsRolledBackStaysOpen() {
		transaction.executeWithoutResult((status) -> {
			sessions.close(this.session);
			status.setRollbackOnly();
		});
		transaction.executeWithoutResult((status) -> {
			Object savepoint = status.createSavepoint();
			sessions.close(this.session);
			status.rollbackToSavepoint(savepoint);
			sessions.publish(this.session, "kept", Map.of());
		});
		assertThat(delivered()).containsExactly("kept");
		assertThat(this.feed.endsAt(1)).isFalse();
	}

	@Test
	void anEventForAUserIsPublishedToAllSessionsOrNone() {
		String user = UUID.randomUUID().toString();
		UUID one = test.newSession(user);
		UUID two = test.newSession(user);
		transaction.executeWithoutResult((status) -> {
			sessions.publishToUser(user, "never", Map.of());
			status.setRollbackOnly();
		});
		assertThat(test.log().read(one, 0, 10)).isEmpty();
		transaction.executeWithoutResult((status) -> sessions.publishToUser(user, "news", Map.of()));
		assertThat(test.log().read(one, 0, 10)).extracting(SessionEvent::type).containsExactly("news");
		assertThat(test.log().read(two, 0, 10)).extracting(SessionEvent::type).containsExactly("news");
	}

	@Test
	void noWriterWaitsForAnOpenTransactionThatHasPublished() {
		transaction.executeWithoutResult((status) -> {
			sessions.publish(this.session, "mine", Map.of());
			assertThat(test.log().append(AppendRequest.of(this.session, "theirs", "{}")))
				.succeedsWithin(20, TimeUnit.SECONDS)
				.extracting(AppendResult::eventId)
				.isEqualTo(1L);
		});
		assertThat(stored()).containsExactly("theirs", "mine");
		assertThat(delivered()).containsExactly("theirs", "mine");
	}

	@Test
	@NotUnderFaults("Transactions of the application fail when a statement does")
	void transactionsThatPublishToTheSameSessionsInAnotherOrderDoNotDeadlock() throws Exception {
		UUID other = test.newSession("alice");
		Thread thread = new Thread(() -> {
			for (int i = 0; i < 100; i++) {
				transaction.executeWithoutResult((status) -> {
					sessions.publish(other, "a", Map.of());
					sessions.publish(this.session, "a", Map.of());
				});
			}
		});
		thread.start();
		for (int i = 0; i < 100; i++) {
			transaction.executeWithoutResult((status) -> {
				sessions.publish(this.session, "b", Map.of());
				sessions.publish(other, "b", Map.of());
			});
		}
		thread.join(60_000);
		assertThat(stored()).hasSize(200);
		assertThat(test.log().read(other, 0, 1000)).hasSize(200);
		assertThat(this.feed.last()).isEqualTo(200);
	}

	private void beforeCommit(Runnable work) {
		TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {

			@Override
			public void beforeCommit(boolean readOnly) {
				work.run();
			}

		});
	}

	private static TransactionTemplate with(int propagation) {
		return TestLog.with(transaction, propagation);
	}

	private static void order() {
		test.sql().sql("insert into orders values (1)").update();
	}

	private static int orders() {
		return test.sql().sql("select count(*) from orders").query(Integer.class).single();
	}

	private List<String> stored() {
		return test.stored(this.session);
	}

	private List<String> delivered() {
		return TestLog.delivered(this.feed);
	}

}
