package dev.resumablews.internal.log;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

import javax.sql.DataSource;

import dev.resumablews.PayloadCodec;
import dev.resumablews.ResumableSessions;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.datasource.DataSourceChoiceAutoConfiguration;
import dev.resumablews.internal.feed.SessionFeed;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.jdbc.JdbcAutoConfiguration;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.observability.ListenerAutoConfiguration;
import dev.resumablews.internal.presence.PresenceAutoConfiguration;
import dev.resumablews.internal.publish.IdempotentExecutor;
import dev.resumablews.internal.publish.PublishAutoConfiguration;
import dev.resumablews.internal.publish.TestLog;
import dev.resumablews.internal.reply.ReplyLogAutoConfiguration;
import dev.resumablews.internal.schema.SchemaAutoConfiguration;
import dev.resumablews.test.InMemoryResumableSessions;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.ObjectMapper;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.jackson.autoconfigure.JacksonAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration;
import org.springframework.boot.jdbc.autoconfigure.DataSourceTransactionManagerAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.transaction.autoconfigure.TransactionAutoConfiguration;
import org.springframework.beans.factory.NoUniqueBeanDefinitionException;
import org.springframework.context.ApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.task.TaskExecutor;
import org.springframework.jdbc.datasource.DataSourceTransactionManager;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.test.util.ReflectionTestUtils;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

class LogAutoConfigurationTests {

	private final List<Thread> before = logThreads();

	private static String url;

	private final ApplicationContextRunner withoutTransactions = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(ListenerAutoConfiguration.class, DataSourceAutoConfiguration.class,
				DataSourceChoiceAutoConfiguration.class, SchemaAutoConfiguration.class, JdbcAutoConfiguration.class,
				LogAutoConfiguration.class, ReplyLogAutoConfiguration.class, PresenceAutoConfiguration.class,
				PublishAutoConfiguration.class))
		.withPropertyValues("spring.datasource.url=" + url, "resumable-ws.schema.migrate=false");

	private final ApplicationContextRunner runner = this.withoutTransactions.withConfiguration(
			AutoConfigurations.of(ListenerAutoConfiguration.class, DataSourceTransactionManagerAutoConfiguration.class,
					TransactionAutoConfiguration.class, JacksonAutoConfiguration.class));

	@BeforeAll
	static void createDatabase() {
		url = TestLog.createDatabase();
	}

	@Test
	void publishingNeedsNoConfiguration() {
		this.withoutTransactions.run((context) -> {
			UUID session = newSession(context.getBean(EventLog.class));
			ResumableSessions sessions = context.getBean(ResumableSessions.class);
			sessions.publish(session, "tick", Map.of("n", 1));
			assertThat(sessions.history(session, 0, 10)).hasSize(1);
			assertThat(context.getBean(IdempotentExecutor.class)
				.run(session, "alice", UUID.randomUUID(), () -> sessions.publish(session, "once", Map.of()))).isTrue();
			assertThat(sessions.history(session, 1, 10)).extracting(SessionEvent::type).containsExactly("once");
		});
	}

	@Test
	void publishingJoinsTheApplicationsTransaction() {
		this.runner.run((context) -> {
			UUID session = newSession(context.getBean(EventLog.class));
			ResumableSessions sessions = context.getBean(ResumableSessions.class);
			context.getBean(TransactionTemplate.class).executeWithoutResult((status) -> {
				sessions.publish(session, "never", Map.of());
				status.setRollbackOnly();
			});
			assertThat(sessions.history(session, 0, 10)).isEmpty();
		});
	}

	@Test
	void withoutACodecPayloadsAreStoredUnchanged() {
		this.withoutTransactions.run((context) -> {
			UUID session = newSession(context.getBean(EventLog.class));
			context.getBean(ResumableSessions.class).publish(session, "tick", Map.of("n", 1));
			assertThat(stored(context, session)).isEqualTo("{\"n\":1}");
		});
	}

	@Test
	void aCodecOfTheApplicationIsUsed() {
		this.withoutTransactions.withBean("codec", PayloadCodec.class, Reversing::new).run((context) -> {
			UUID session = newSession(context.getBean(EventLog.class));
			ResumableSessions sessions = context.getBean(ResumableSessions.class);
			sessions.publish(session, "tick", Map.of("n", 1));
			assertThat(stored(context, session)).isEqualTo(" {\"encoded\":\"}1:\\\"n\\\"{\"}");
			assertThat(sessions.history(session, 0, 10)).extracting(SessionEvent::payload).containsExactly("{\"n\":1}");
		});
	}

	@Test
	void twoCodecsAreRejected() {
		this.withoutTransactions.withBean("codec", PayloadCodec.class, Reversing::new)
			.withBean("another", PayloadCodec.class, Reversing::new)
			.run((context) -> assertThat(context).getFailure()
				.rootCause()
				.isInstanceOf(NoUniqueBeanDefinitionException.class));
	}

	private static String stored(ApplicationContext context, UUID session) {
		return JdbcClient.create(context.getBean(DataSource.class))
			.sql("select payload::text from ws_events where session_id = ?")
			.param(session)
			.query(String.class)
			.single();
	}

	@Test
	void noBeansThatChangeTheApplicationAreAdded() {
		this.withoutTransactions.run((context) -> {
			for (Class<?> type : List.of(PlatformTransactionManager.class, TransactionTemplate.class,
					ObjectMapper.class, TaskScheduler.class, TaskExecutor.class, java.util.concurrent.Executor.class)) {
				assertThat(context.getBeanProvider(type)
					.stream()
					.filter((bean) -> bean.getClass().getName().startsWith("dev.resumablews"))).as(type.getName())
					.isEmpty();
			}
			assertThat(context).doesNotHaveBean(ObjectMapper.class);
			assertThat(context).doesNotHaveBean(TaskScheduler.class);
		});
	}

	@Test
	void anIndentingMapperDoesNotBreakFrames() {
		this.runner.withPropertyValues("spring.jackson.serialization.indent-output=true").run((context) -> {
			UUID session = newSession(context.getBean(EventLog.class));
			ResumableSessions sessions = context.getBean(ResumableSessions.class);
			sessions.publish(session, "tick", Map.of("n", Map.of("m", List.of(1, 2))));
			assertThat(sessions.history(session, 0, 10)).extracting(SessionEvent::payload)
				.containsExactly("{\"n\":{\"m\":[1,2]}}");
		});
	}

	@Test
	void theApplicationsMapperWritesPayloads() {
		this.runner.withPropertyValues("spring.jackson.property-naming-strategy=SNAKE_CASE").run((context) -> {
			UUID session = newSession(context.getBean(EventLog.class));
			ResumableSessions sessions = context.getBean(ResumableSessions.class);
			sessions.publish(session, "tick", new Shipped(7));
			assertThat(sessions.history(session, 0, 10)).extracting(SessionEvent::payload)
				.containsExactly("{\"order_number\":7}");
		});
	}

	@Test
	void theApplicationsSessionsAreUsed() {
		ResumableSessions own = new InMemoryResumableSessions();
		this.runner.withBean(ResumableSessions.class, () -> own)
			.run((context) -> assertThat(context.getBean(ResumableSessions.class)).isSameAs(own));
	}

	@Test
	void listenersAreNotified() {
		AtomicInteger events = new AtomicInteger();
		ResumableWsListener listener = new ResumableWsListener() {

			@Override
			public void onBatchStored(int count, Duration duration) {
				events.addAndGet(count);
			}

		};
		this.runner.withBean(ResumableWsListener.class, () -> listener).run((context) -> {
			UUID session = newSession(context.getBean(EventLog.class));
			context.getBean(ResumableSessions.class).publish(session, "tick", Map.of());
			await().untilAsserted(() -> assertThat(events).hasValue(1));
		});
	}

	@Test
	void aListenerCanUseTheLibrary() {
		this.runner.withUserConfiguration(Alerting.class).run((context) -> {
			UUID session = newSession(context.getBean(EventLog.class));
			context.getBean(Alerting.class).session = session;
			context.getBean(ResumableSessions.class).publish(session, "tick", Map.of());
			await().until(() -> context.getBean(ResumableSessions.class)
				.history(session, 0, 10)
				.stream()
				.map(SessionEvent::type)
				.toList()
				.equals(List.of("tick", "alert")));
		});
	}

	@Test
	void transactionManagersOfTheApplicationAreFollowed() {
		this.runner.withUserConfiguration(TwoTransactionManagers.class).run((context) -> {
			ResumableSessions sessions = context.getBean(ResumableSessions.class);
			UUID session = newSession(context.getBean(EventLog.class));
			context.getBeansOfType(PlatformTransactionManager.class)
				.values()
				.forEach((manager) -> new TransactionTemplate(manager).executeWithoutResult((status) -> {
					sessions.publish(session, "never", Map.of());
					status.setRollbackOnly();
				}));
			assertThat(sessions.history(session, 0, 10)).isEmpty();
		});
	}

	@Test
	void theLogCanBeDisabled() {
		this.runner.withPropertyValues("resumable-ws.enabled=false")
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(EventLog.class)
				.doesNotHaveBean(ResumableSessions.class));
	}

	@ParameterizedTest
	@CsvSource({ "log.queue-capacity=7, queueCapacity, 7", "log.queue-size=2MB, queueCharacters, 2097152",
			"log.max-batch=9, maxBatch, 9", "log.commit-interval=7ms, commitInterval, PT0.007S",
			"log.append-timeout=3s, appendTimeout, PT3S", "log.writers=3, writers, 3" })
	void propertiesAreAppliedToTheWriters(String property, String setting, String value) {
		this.runner.withPropertyValues("resumable-ws." + property).run((context) -> {
			List<?> writers = (List<?>) ReflectionTestUtils.getField(context.getBean(EventLog.class), "writers");
			assertThat(writers).isNotNull()
				.allSatisfy(
						(writer) -> assertThat(writer).extracting("settings").extracting(setting).hasToString(value));
		});
	}

	@Test
	void customNumberOfWriters() {
		this.runner.withPropertyValues("resumable-ws.log.writers=3")
			.run((context) -> assertThat(threads())
				.contains("resumable-ws-log-0", "resumable-ws-log-2", "resumable-ws-log-clock")
				.hasSize(4));
		assertThat(threads()).isEmpty();
	}

	@Test
	void customMaximumEventSize() {
		this.runner.withPropertyValues("resumable-ws.log.max-event-size=1KB").run((context) -> {
			UUID session = newSession(context.getBean(EventLog.class));
			assertThatIllegalArgumentException()
				.isThrownBy(() -> context.getBean(ResumableSessions.class)
					.publish(session, "tick", Map.of("text", "x".repeat(1024))))
				.withMessageContaining("allows at most 1024");
		});
	}

	@Test
	void customStatementTimeout() {
		this.runner.withPropertyValues("resumable-ws.log.statement-timeout=7s")
			.run((context) -> assertThat(context.getBean(JdbcExecutor.class)).extracting("settings.statementTimeout")
				.isEqualTo(Duration.ofSeconds(7)));
	}

	@Test
	void aPageOfTheLogIsAMultipleOfTheSendSize() {
		this.runner.withPropertyValues("resumable-ws.connection.max-send-size=1KB").run((context) -> {
			EventLog log = context.getBean(EventLog.class);
			UUID session = newSession(log);
			for (int i = 0; i < 10; i++) {
				log.append(AppendRequest.of(session, "x", "{\"x\":\"" + "x".repeat(1024) + "\"}")).join();
			}
			assertThat(log.read(session, 0, 10)).hasSize(4);
		});
	}

	@Test
	void customFeedSizes() {
		this.runner.withPropertyValues("resumable-ws.feed.max-events=2").run((context) -> {
			EventLog log = context.getBean(EventLog.class);
			UUID session = newSession(log);
			SessionFeed feed = context.getBean(SessionFeeds.class).join(session, () -> {
			});
			for (int i = 0; i < 3; i++) {
				log.append(AppendRequest.of(session, "x", "{}")).join();
			}
			assertThat(feed.after(0, Long.MAX_VALUE)).isNull();
			assertThat(feed.after(1, Long.MAX_VALUE)).hasSize(2);
		});
		this.runner.withPropertyValues("resumable-ws.feed.max-size=2KB")
			.run((context) -> assertThat(context.getBean(SessionFeeds.class)).extracting("maxCharacters")
				.isEqualTo(2048L));
	}

	private static UUID newSession(EventLog log) {
		return log.open(null, UUID.randomUUID(), "alice", 0).sessionId();
	}

	/**
	 * Returns the names of the threads of this test's context, without threads of earlier
	 * tests that are about to end.
	 */
	private List<String> threads() {
		return logThreads().stream().filter((thread) -> !this.before.contains(thread)).map(Thread::getName).toList();
	}

	private static List<Thread> logThreads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().startsWith("resumable-ws-log"))
			.toList();
	}

	private record Shipped(int orderNumber) {

	}

	private static final class Reversing implements PayloadCodec {

		@Override
		public String encode(UUID sessionId, String type, String payload) {
			return new StringBuilder(payload).reverse().toString();
		}

		@Override
		public String decode(UUID sessionId, String type, String encoded) {
			return new StringBuilder(encoded).reverse().toString();
		}

	}

	/**
	 * A listener that depends on the component that notifies it.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Alerting {

		volatile @Nullable UUID session;

		@Bean
		ResumableWsListener alertingListener(ResumableSessions sessions) {
			return new ResumableWsListener() {

				@Override
				public void onBatchStored(int events, Duration duration) {
					UUID session = Alerting.this.session;
					if (session != null) {
						Alerting.this.session = null;
						sessions.publish(session, "alert", Map.of());
					}
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class TwoTransactionManagers {

		@Bean
		JdbcTransactionManager first(DataSource dataSource) {
			return new JdbcTransactionManager(dataSource);
		}

		@Bean
		PlatformTransactionManager second(DataSource dataSource) {
			return new DataSourceTransactionManager(dataSource);
		}

	}

}
