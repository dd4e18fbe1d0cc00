package dev.resumablews.internal.publish;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import javax.sql.DataSource;

import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.datasource.DataSourceChoiceAutoConfiguration;
import dev.resumablews.internal.jdbc.JdbcAutoConfiguration;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.log.LogAutoConfiguration;
import dev.resumablews.internal.observability.ListenerAutoConfiguration;
import dev.resumablews.internal.presence.PresenceAutoConfiguration;
import dev.resumablews.internal.reply.ReplyLogAutoConfiguration;
import dev.resumablews.internal.schema.SchemaAutoConfiguration;
import dev.resumablews.testing.NotUnderFaults;
import jakarta.persistence.EntityManager;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.transaction.annotation.EnableTransactionManagement;
import org.springframework.transaction.annotation.Transactional;
import org.springframework.transaction.event.TransactionalEventListener;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests an application with JPA and the default pool that publishes after its commits,
 * under more concurrent requests than the pool has connections.
 */
@NotUnderFaults("Transactions of the application fail when a statement does")
class TransactionalEventListenerTests {

	private static final int REQUESTS = 400;

	private final String url = TestLog.createDatabase();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ListenerAutoConfiguration.class, DataSourceAutoConfiguration.class,
				DataSourceChoiceAutoConfiguration.class, SchemaAutoConfiguration.class, JdbcAutoConfiguration.class,
				LogAutoConfiguration.class, ReplyLogAutoConfiguration.class, PresenceAutoConfiguration.class,
				PublishAutoConfiguration.class))
		.withPropertyValues("spring.datasource.url=" + this.url, "resumable-ws.schema.migrate=false")
		.withUserConfiguration(Shop.class);

	@ParameterizedTest
	@CsvSource({ "8, false", "8, true", "40, false", "40, true" })
	void everyCommittedEventIsStoredWhileRequestsWaitForThePool(int atOnce, boolean afterCommit) {
		this.runner.run((context) -> {
			UUID session = context.getBean(EventLog.class).open(null, UUID.randomUUID(), "alice", 0).sessionId();
			Orders orders = context.getBean(Orders.class);
			request(orders, session, afterCommit, atOnce, atOnce);
			long start = System.nanoTime();
			request(orders, session, afterCommit, atOnce, REQUESTS);
			Duration duration = Duration.ofNanos(System.nanoTime() - start);
			System.out.printf("%d requests, %d at once, published %s: %d ms%n", REQUESTS, atOnce,
					afterCommit ? "by a @TransactionalEventListener" : "in the transaction", duration.toMillis());
			assertThat(context.getBean(ResumableSessions.class).find(session).orElseThrow().lastEventId())
				.isEqualTo(REQUESTS + atOnce);
		});
	}

	private static void request(Orders orders, UUID session, boolean afterCommit, int atOnce, int requests)
			throws Exception {
		ExecutorService clients = Executors.newFixedThreadPool(atOnce);
		try {
			List<Future<?>> all = new ArrayList<>();
			for (int i = 0; i < requests; i++) {
				all.add(clients.submit(() -> orders.order(session, afterCommit)));
			}
			for (Future<?> one : all) {
				one.get(120, TimeUnit.SECONDS);
			}
		}
		finally {
			clients.shutdownNow();
		}
	}

	/**
	 * An event of the application.
	 *
	 * @param session the session to publish it to
	 */
	record Ordered(UUID session) {

	}

	/**
	 * A service of the application.
	 */
	static class Orders {

		private static final AtomicInteger IDS = new AtomicInteger();

		private final EntityManager entities;

		private final ResumableSessions sessions;

		private final ApplicationEventPublisher events;

		Orders(EntityManager entities, ResumableSessions sessions, ApplicationEventPublisher events) {
			this.entities = entities;
			this.sessions = sessions;
			this.events = events;
		}

		@Transactional
		public void order(UUID session, boolean afterCommit) {
			int id = IDS.incrementAndGet();
			this.entities.persist(new Purchase(id, id));
			if (afterCommit) {
				this.events.publishEvent(new Ordered(session));
			}
			else {
				this.sessions.publish(session, "ordered", Map.of());
			}
		}

	}

	/**
	 * A listener of the application.
	 */
	static class Notifications {

		private final ResumableSessions sessions;

		Notifications(ResumableSessions sessions) {
			this.sessions = sessions;
		}

		@TransactionalEventListener
		public void on(Ordered event) {
			this.sessions.publish(event.session(), "ordered", Map.of());
		}

	}

	@Configuration(proxyBeanMethods = false)
	@EnableTransactionManagement
	static class Shop {

		@Bean
		TestJpa jpa(DataSource dataSource) {
			return new TestJpa(dataSource);
		}

		@Bean
		JpaTransactionManager transactionManager(TestJpa jpa) {
			return new JpaTransactionManager(jpa.factory());
		}

		@Bean
		Orders orders(TestJpa jpa, ResumableSessions sessions, ApplicationEventPublisher events) {
			return new Orders(jpa.entities(), sessions, events);
		}

		@Bean
		Notifications notifications(ResumableSessions sessions) {
			return new Notifications(sessions);
		}

	}

}
