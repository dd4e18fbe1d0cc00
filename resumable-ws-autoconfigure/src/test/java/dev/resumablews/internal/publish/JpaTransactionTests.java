package dev.resumablews.internal.publish;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.feed.SessionFeed;
import dev.resumablews.testing.NotUnderFaults;
import jakarta.persistence.EntityManager;
import org.hibernate.engine.spi.SessionFactoryImplementor;
import org.hibernate.event.spi.PostCommitInsertEventListener;
import org.hibernate.event.spi.PostInsertEvent;
import org.hibernate.persister.entity.EntityPersister;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.core.Ordered;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests events that are published within JPA transactions.
 */
class JpaTransactionTests {

	private static final AtomicInteger IDS = new AtomicInteger();

	private static String url;

	private static TestLog test;

	private static TestJpa jpa;

	private static EntityManager entities;

	private static ResumableSessions sessions;

	private static TransactionTemplate transaction;

	private UUID session;

	private SessionFeed feed;

	@BeforeAll
	static void open() {
		url = TestLog.createDatabase();
		test = new TestLog(url);
		jpa = new TestJpa(test.dataSource());
		entities = jpa.entities();
		sessions = test.sessions();
		transaction = new TransactionTemplate(test.followed(jpa.transactionManager()));
	}

	@AfterAll
	static void close() {
		jpa.close();
		test.close();
	}

	@BeforeEach
	void openSession() {
		this.session = test.newSession("alice");
		this.feed = test.feeds().join(this.session, () -> {
		});
	}

	@AfterEach
	void resetCallback() {
		Purchase.Listener.callback = (moment) -> {
		};
	}

	@Test
	void entityAndEventAreStoredTogetherOrNotAtAll() {
		transaction.executeWithoutResult((status) -> {
			entities.persist(purchase());
			sessions.publish(this.session, "saved", Map.of());
		});
		transaction.executeWithoutResult((status) -> {
			entities.persist(purchase());
			sessions.publish(this.session, "never", Map.of());
			status.setRollbackOnly();
		});
		assertThat(stored()).containsExactly("saved");
		assertThat(delivered()).containsExactly("saved");
	}

	@Test
	void aFailedFlushRollsBackTheEventAndKeepsItsException() {
		Purchase first = purchase();
		transaction.executeWithoutResult((status) -> entities.persist(first));
		for (boolean publish : List.of(false, true)) {
			assertThatExceptionOfType(DataIntegrityViolationException.class)
				.isThrownBy(() -> transaction.executeWithoutResult((status) -> {
					entities.persist(new Purchase(IDS.incrementAndGet(), first.getId()));
					if (publish) {
						sessions.publish(this.session, "never", Map.of());
					}
				}));
		}
		assertThat(stored()).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "pre_persist", "post_persist", "pre_update", "post_update" })
	void eventsThatAnEntityListenerPublishesDuringTheFlushAreStoredWithTheTransaction(String moment) {
		Purchase saved = purchase();
		transaction.executeWithoutResult((status) -> entities.persist(saved));
		Purchase.Listener.callback = (current) -> {
			if (current.equals(moment)) {
				List<String> before = delivered();
				sessions.publish(this.session, moment, Map.of());
				assertThat(delivered()).isEqualTo(before);
			}
		};
		for (boolean before : List.of(false, true)) {
			transaction.executeWithoutResult((status) -> {
				if (before) {
					sessions.publish(this.session, "before", Map.of());
				}
				entities.persist(purchase());
				entities.find(Purchase.class, saved.getId()).setNumber(-IDS.incrementAndGet());
			});
		}
		assertThat(stored()).containsExactlyInAnyOrder(moment, "before", moment).startsWith(moment);
		assertThat(delivered()).containsExactlyElementsOf(stored());
		assertThatExceptionOfType(DataIntegrityViolationException.class)
			.isThrownBy(() -> transaction.executeWithoutResult((status) -> {
				Purchase one = purchase();
				entities.persist(one);
				entities.persist(new Purchase(IDS.incrementAndGet(), one.getId()));
				entities.find(Purchase.class, saved.getId()).setNumber(-IDS.incrementAndGet());
			}));
		assertThat(stored()).hasSize(3);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void eventsThatAHibernateListenerPublishesAfterTheCommitAreStored(boolean autoCommit) {
		HikariConfig config = new HikariConfig();
		config.setJdbcUrl(url);
		config.setAutoCommit(autoCommit);
		try (HikariDataSource pool = new HikariDataSource(config)) {
			TransactionTracker tracker = new TransactionTracker(() -> pool);
			ResumableSessions pooled = test.sessions(tracker, pool);
			try (TestJpa hibernate = new TestJpa(pool)) {
				hibernate.factory()
					.unwrap(SessionFactoryImplementor.class)
					.getEventListenerGroups().eventListenerGroup_POST_COMMIT_INSERT
					.appendListener(new PostCommitInsertEventListener() {

						private static final long serialVersionUID = 1;

						@Override
						public void onPostInsert(PostInsertEvent event) {
							pooled.publish(JpaTransactionTests.this.session, "after", Map.of());
						}

						@Override
						public void onPostInsertCommitFailed(PostInsertEvent event) {
						}

						@Override
						public boolean requiresPostCommitHandling(EntityPersister persister) {
							return true;
						}

					});
				JpaTransactionManager manager = hibernate.transactionManager();
				manager.addListener(tracker);
				new TransactionTemplate(manager)
					.executeWithoutResult((status) -> hibernate.entities().persist(purchase()));
			}
		}
		assertThat(stored()).containsExactly("after");
		assertThat(delivered()).containsExactly("after");
	}

	@Test
	void eventsOfEveryPhaseOfACommitAreStored() {
		transaction.executeWithoutResult((status) -> {
			entities.persist(purchase());
			TransactionSynchronizationManager.registerSynchronization(new PublishingSynchronization(
					Ordered.LOWEST_PRECEDENCE, "only", (type) -> sessions.publish(this.session, type, Map.of())));
		});
		assertThat(delivered()).containsExactly("only.before_commit", "only.before_completion", "only.after_commit",
				"only.after_completion");
		assertThat(stored()).isEqualTo(delivered());
	}

	@Test
	void innerTransactionsAreIndependent() {
		transaction.executeWithoutResult((status) -> {
			sessions.publish(this.session, "never", Map.of());
			with(TransactionDefinition.PROPAGATION_REQUIRES_NEW)
				.executeWithoutResult((inner) -> sessions.publish(this.session, "one", Map.of()));
			with(TransactionDefinition.PROPAGATION_NOT_SUPPORTED)
				.executeWithoutResult((inner) -> sessions.publish(this.session, "two", Map.of()));
			assertThat(delivered()).containsExactly("one", "two");
			status.setRollbackOnly();
		});
		assertThat(stored()).containsExactly("one", "two");
	}

	@Test
	@NotUnderFaults("Transactions of the application fail when a statement does")
	void aTransactionThatFlushesEarlyDoesNotDeadlockWithOneThatDoesNot() {
		Purchase shared = purchase();
		transaction.executeWithoutResult((status) -> entities.persist(shared));
		CompletableFuture<?> early = CompletableFuture.runAsync(() -> change(shared, true));
		CompletableFuture<?> late = CompletableFuture.runAsync(() -> change(shared, false));
		assertThat(early).succeedsWithin(120, TimeUnit.SECONDS);
		assertThat(late).succeedsWithin(120, TimeUnit.SECONDS);
		assertThat(stored()).hasSize(400);
		assertThat(this.feed.last()).isEqualTo(400);
	}

	private void change(Purchase shared, boolean flush) {
		for (int i = 0; i < 200; i++) {
			transaction.executeWithoutResult((status) -> {
				entities.find(Purchase.class, shared.getId()).setNumber(-IDS.incrementAndGet());
				if (flush) {
					entities.flush();
				}
				sessions.publish(this.session, "changed", Map.of());
			});
		}
	}

	private static Purchase purchase() {
		int id = IDS.incrementAndGet();
		return new Purchase(id, id);
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
