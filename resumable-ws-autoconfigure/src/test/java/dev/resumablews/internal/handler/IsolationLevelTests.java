package dev.resumablews.internal.handler;

import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.ClientMessageMapping;
import dev.resumablews.ResumableSession;
import dev.resumablews.ResumableSessions;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiStub;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.TransactionExecution;
import org.springframework.transaction.TransactionExecutionListener;
import org.springframework.transaction.annotation.Isolation;
import org.springframework.transaction.annotation.Propagation;
import org.springframework.transaction.annotation.Transactional;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests applications whose connection pool has a higher default isolation level than
 * Postgres.
 */
@NotUnderFaults("Counts calls of the handler")
class IsolationLevelTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private final String url = TestPostgres.createDatabase();

	private final HikariDataSource dataSource = TestPostgres.pool(this.url);

	private final JdbcClient direct = JdbcClient.create(this.dataSource);

	@AfterEach
	void stop() {
		this.dataSource.close();
	}

	@ParameterizedTest
	@CsvSource({ "REPEATABLE_READ, true", "SERIALIZABLE, true", "REPEATABLE_READ, false", "SERIALIZABLE, false" })
	void aHandlerThatRunsForSeveralLeasesIsCalledOnce(String isolation, boolean ownPool) throws Exception {
		try (TestServer server = start(isolation, ownPool, Answering.class);
				ResumableWsTestClient client = connect(server)) {
			UUID session = session(client);
			Answer answer = server.bean(Answer.class);
			say(client);
			assertThat(answer.waiting.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
			OffsetDateTime lease = lease();
			await().atMost(PATIENCE).until(() -> lease().isAfter(lease));
			server.bean(ResumableSessions.class).publish(session, "elsewhere", Map.of());
			answer.opened.countDown();
			client.await("answer");
			await().atMost(PATIENCE).until(() -> count("ws_replies") == 0);
			assertThat(answer.calls).hasValue(1);
			assertThat(answer.isolation).isEqualTo("read committed");
			assertThat(types(server, session)).containsExactly("user_message", "elsewhere", "answer");
		}
	}

	@ParameterizedTest
	@CsvSource({ "REPEATABLE_READ, true", "SERIALIZABLE, true", "REPEATABLE_READ, false", "SERIALIZABLE, false" })
	void aWholeConversationWorks(String isolation, boolean ownPool) {
		try (OpenAiStub model = OpenAiStub.start()) {
			model.answer((exchange) -> OpenAiAnswer.of("one ", "two ", "three").pacedBy(Duration.ofMillis(200)));
			TestServer first = start(isolation, ownPool, Counting.class, model);
			try (TestServer second = start(isolation, ownPool, Counting.class, model);
					ResumableWsTestClient client = connect(second)) {
				UUID session = session(client);
				try (ResumableWsTestClient busy = join(first, session)) {
					for (int n = 0; n < 30; n++) {
						client.sendOnce(
								Map.of("type", "count", "payload", Map.of(), "idempotency_key", UUID.randomUUID()));
					}
					IntStream.range(0, 30).parallel().forEach((n) -> {
						first.bean(ResumableSessions.class).publish(session, "published", Map.of("n", n));
						second.bean(ResumableSessions.class).publish(session, "published", Map.of("n", n));
					});
					say(busy);
					client.await("assistant_delta");
				}
				first.close();
				client.await("assistant_message");
				await().atMost(PATIENCE).until(() -> count("ws_replies") == 0);
				List<String> types = types(second, session);
				assertThat(types).filteredOn("published"::equals).hasSize(60);
				assertThat(types).filteredOn("assistant_message"::equals).hasSize(1);
				second.bean(ResumableSessions.class).close(session);
				this.direct.sql("update ws_sessions set closed_at = closed_at - interval '1 year'").update();
				await("cleanup").atMost(PATIENCE).until(() -> count("ws_events") == 0 && count("ws_sessions") == 0);
			}
			finally {
				first.close();
			}
		}
	}

	@ParameterizedTest
	@ValueSource(classes = { RefusedMethod.class, RefusedHandler.class })
	void anIsolationLevelThatCannotBeAppliedIsRejected(Class<?> configuration) {
		assertThatExceptionOfType(ResumableWsConfigurationException.class)
			.isThrownBy(() -> start("READ_COMMITTED", true, configuration))
			.withMessageContaining("SERIALIZABLE")
			.withMessageContaining(configuration.getSimpleName());
	}

	@Test
	void theIsolationLevelOfASeparateTransactionIsApplied() {
		try (TestServer server = start("READ_COMMITTED", true, Separate.class);
				ResumableWsTestClient client = connect(server)) {
			session(client);
			say(client);
			assertThat(client.await("isolation").json().at("/payload/level").asString()).isEqualTo("serializable");
		}
	}

	@Test
	void aTransactionWhoseIsolationLevelCannotBeSetFailsTheMessage() {
		try (TestServer server = start("REPEATABLE_READ", true, Early.class);
				ResumableWsTestClient client = connect(server)) {
			session(client);
			say(client);
			assertThat(client.await("message_failed").json().at("/payload/code").asString()).isEqualTo("failed");
			await().atMost(PATIENCE).until(() -> count("ws_replies") == 0);
		}
	}

	private OffsetDateTime lease() {
		return this.direct.sql("select lease_until from ws_replies").query(OffsetDateTime.class).single();
	}

	private int count(String table) {
		return this.direct.sql("select count(*) from " + table).query(Integer.class).single();
	}

	private static List<String> types(TestServer server, UUID session) {
		return server.bean(ResumableSessions.class).history(session, 0, 200).stream().map(SessionEvent::type).toList();
	}

	private static UUID session(ResumableWsTestClient client) {
		UUID session = client.sessionId();
		client.await("replay_complete");
		return session;
	}

	private static void say(ResumableWsTestClient client) {
		client.say("hello");
		client.await("ack");
	}

	private static ResumableWsTestClient connect(TestServer server) {
		return ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user("ada")
			.timeout(PATIENCE)
			.connect();
	}

	private static ResumableWsTestClient join(TestServer server, UUID session) {
		ResumableWsTestClient client = ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user("ada")
			.session(session)
			.connect();
		client.await("replay_complete");
		return client;
	}

	private TestServer start(String isolation, boolean ownPool, Class<?> configuration) {
		return builder(isolation, ownPool, configuration).start();
	}

	private TestServer start(String isolation, boolean ownPool, Class<?> configuration, OpenAiStub model) {
		return builder(isolation, ownPool, configuration).model(model).start();
	}

	private TestServer.Builder builder(String isolation, boolean ownPool, Class<?> configuration) {
		return TestServer.builder()
			.database(this.url)
			.with(configuration)
			.properties("spring.datasource.hikari.transaction-isolation", "TRANSACTION_" + isolation,
					"resumable-ws.pool.enabled", String.valueOf(ownPool), "resumable-ws.reply.lease", "1s",
					"resumable-ws.cluster.backstop-interval", "500ms", "resumable-ws.cleanup.interval", "300ms",
					"resumable-ws.user.messages-per-second", "0");
	}

	@Configuration(proxyBeanMethods = false)
	static class Answering {

		@Bean
		Answer answer(JdbcClient jdbc) {
			return new Answer(jdbc);
		}

	}

	static class Answer {

		private final JdbcClient jdbc;

		private final CountDownLatch waiting = new CountDownLatch(1);

		private final CountDownLatch opened = new CountDownLatch(1);

		private final AtomicInteger calls = new AtomicInteger();

		private volatile String isolation;

		Answer(JdbcClient jdbc) {
			this.jdbc = jdbc;
		}

		@ClientMessageMapping("user_message")
		void answer(ResumableSession session) throws InterruptedException {
			this.calls.incrementAndGet();
			this.isolation = isolation(this.jdbc);
			this.waiting.countDown();
			this.opened.await();
			session.publish("answer", Map.of());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Counting {

		@ClientMessageMapping("count")
		void count() {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Early {

		@Bean
		TransactionExecutionListener earlyQuery(ObjectProvider<JdbcClient> jdbc) {
			return new TransactionExecutionListener() {

				@Override
				public void afterBegin(TransactionExecution transaction, Throwable failure) {
					isolation(jdbc.getObject());
				}

			};
		}

		@ClientMessageMapping("user_message")
		void handle() {
		}

	}

	static class RefusedMethod {

		@ClientMessageMapping("user_message")
		@Transactional(isolation = Isolation.SERIALIZABLE)
		public void handle() {
		}

	}

	@Transactional(isolation = Isolation.SERIALIZABLE)
	static class RefusedHandler implements ClientMessageHandler {

		@Override
		public String type() {
			return "user_message";
		}

		@Override
		public void handle(ClientMessage message) {
		}

	}

	static class Separate {

		private final JdbcClient jdbc;

		private final ResumableSessions sessions;

		Separate(JdbcClient jdbc, ResumableSessions sessions) {
			this.jdbc = jdbc;
			this.sessions = sessions;
		}

		@ClientMessageMapping("user_message")
		@Transactional(isolation = Isolation.SERIALIZABLE, propagation = Propagation.REQUIRES_NEW)
		public void handle(ClientMessage message) {
			this.sessions.publish(message.sessionId(), "isolation", Map.of("level", isolation(this.jdbc)));
		}

	}

	private static String isolation(JdbcClient jdbc) {
		return jdbc.sql("select current_setting('transaction_isolation')").query(String.class).single();
	}

}
