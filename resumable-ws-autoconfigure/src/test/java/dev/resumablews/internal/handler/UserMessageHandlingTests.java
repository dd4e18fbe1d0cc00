package dev.resumablews.internal.handler;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageMapping;
import dev.resumablews.MessageForbiddenException;
import dev.resumablews.ResumableSession;
import dev.resumablews.ResumableSessions;
import dev.resumablews.SessionEvent;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.Fault;
import dev.resumablews.testing.FaultPlan;
import dev.resumablews.testing.FaultyPostgres;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.PostgresRequest;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Size;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests handlers of user messages when their node stops, the handler fails, or Postgres
 * fails.
 */
@NotUnderFaults("Counts attempts")
class UserMessageHandlingTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private FaultyPostgres postgres;

	private HikariDataSource dataSource;

	private JdbcClient direct;

	private TestServer server;

	@BeforeEach
	void start() {
		this.postgres = FaultyPostgres.to(TestPostgres.createDatabase());
		this.dataSource = TestPostgres.pool(this.postgres.directUrl());
		this.direct = JdbcClient.create(this.dataSource);
		this.direct.sql("create table handled (session_id uuid not null, event_id bigint not null, content text)")
			.update();
		this.server = start(this.postgres.url());
	}

	@AfterEach
	void stop() {
		this.postgres.plan(FaultPlan.NONE);
		this.server.bean(Answer.class).open();
		this.server.close();
		this.dataSource.close();
		this.postgres.close();
	}

	@Test
	void messagesAreHandledOnceInOrderAndNoClaimIsLeft() {
		try (ResumableWsTestClient client = connect(this.server)) {
			UUID session = session(client);
			IntStream.range(0, 15).forEach((n) -> say(client, "n" + n));
			awaitHandled(session, 15);
			assertThat(contents(session)).isEqualTo(IntStream.range(0, 15).mapToObj((n) -> "n" + n).toList());
			JsonNode answer = client.await("answer").json().path("payload");
			assertThat(answer.path("to").asString()).isEqualTo("n0");
			assertThat(answer.path("by").asString()).isEqualTo("ada");
			awaitNoClaims();
		}
	}

	@Test
	void aMessageOfAnIsolatedNodeIsHandledOnceByAnotherNode() throws Exception {
		UUID session;
		try (ResumableWsTestClient client = connect(this.server)) {
			session = session(client);
			say(client, "wait");
			this.server.bean(Answer.class).awaitWaiting();
			say(client, "next");
			await().atMost(PATIENCE).until(() -> claims() == 2);
		}
		this.postgres.plan((request) -> Fault.DROP);
		this.postgres.cutAll();
		try (TestServer other = start(this.postgres.directUrl())) {
			other.bean(Answer.class).open();
			awaitHandled(session, 2);
			assertThat(contents(session)).containsExactly("wait", "next");
			this.postgres.plan(FaultPlan.NONE);
			this.server.bean(Answer.class).open();
			awaitNoClaims();
			assertThat(types(other, session)).containsExactly("user_message", "user_message", "answer", "answer");
		}
		assertThat(contents(session)).containsExactly("wait", "next");
	}

	@Test
	void theWritesOfAFrozenNodeAreRolledBack() throws Exception {
		try (ResumableWsTestClient client = connect(this.server); TestServer other = start(this.postgres.directUrl())) {
			other.bean(Answer.class).open();
			UUID session = session(client);
			say(client, "wait");
			this.server.bean(Answer.class).awaitWaiting();
			// as if another node had taken over the message while this node was frozen
			this.direct.sql("update ws_replies set fence = fence + 1").update();
			this.server.bean(Answer.class).open();
			awaitHandled(session, 1);
			awaitNoClaims();
			assertThat(contents(session)).containsExactly("wait");
			assertThat(types(this.server, session)).containsExactly("user_message", "answer");
			await().atMost(PATIENCE).until(() -> attempts(this.server, "outcome", "abandoned") == 1);
			await().atMost(PATIENCE)
				.until(() -> attempts(this.server, "outcome", "completed")
						+ attempts(other, "outcome", "completed") == 1);
		}
	}

	@Test
	void aStoppedNodeHandsOverItsMessage() throws Exception {
		UUID session;
		try (ResumableWsTestClient client = connect(this.server); TestServer other = start(this.postgres.directUrl())) {
			session = session(client);
			say(client, "wait");
			this.server.bean(Answer.class).awaitWaiting();
			other.bean(Answer.class).open();
			this.server.close();
			awaitHandled(session, 1);
			awaitNoClaims();
		}
		this.server = start(this.postgres.directUrl());
		assertThat(contents(session)).containsExactly("wait");
	}

	static Stream<Arguments> lost() {
		Predicate<PostgresRequest> holds = (request) -> request.sql().startsWith("select 1 from ws_replies");
		Predicate<PostgresRequest> end = (request) -> request.sql().contains("delete from ws_replies r using open");
		return Stream.of(Fault.DROP, Fault.DROP_ANSWER)
			.flatMap((fault) -> Stream.of(Arguments.of(holds, fault), Arguments.of(end, fault),
					Arguments.of(commitAfter(end), fault)));
	}

	private static Predicate<PostgresRequest> commitAfter(Predicate<PostgresRequest> statement) {
		AtomicBoolean seen = new AtomicBoolean();
		return (request) -> {
			if (statement.test(request)) {
				seen.set(true);
			}
			return seen.get() && request.isCommit() && request.transaction().contains("insert into ws_events");
		};
	}

	@ParameterizedTest
	@MethodSource("lost")
	void aMessageIsHandledOnceWhicheverStatementOrAnswerIsLost(Predicate<PostgresRequest> wanted, Fault fault) {
		try (ResumableWsTestClient client = connect(this.server)) {
			UUID session = session(client);
			say(client, "before");
			awaitHandled(session, 1);
			awaitNoClaims();
			AtomicInteger struck = new AtomicInteger();
			this.postgres.plan((request) -> wanted.test(request) && struck.incrementAndGet() == 1 ? fault : Fault.NONE);
			say(client, "one");
			await().atMost(PATIENCE).until(() -> struck.get() > 0);
			say(client, "two");
			awaitHandled(session, 3);
			awaitNoClaims();
			assertThat(contents(session)).containsExactly("before", "one", "two");
			// after a lost answer, the renewal of the lease may find the end of the claim
			// first
			await().atMost(PATIENCE)
				.until(() -> attempts(this.server, "outcome", "completed")
						+ attempts(this.server, "outcome", "abandoned") == 3);
			assertThat(attempts(this.server, "error", "none")).as("attempts without an error").isEqualTo(3);
			assertThat(types(this.server, session)).containsExactlyInAnyOrder("user_message", "user_message",
					"user_message", "answer", "answer", "answer");
		}
	}

	@Test
	void aFailedHandlerIsRetriedAndItsFailedAttemptsAreRolledBack() {
		try (ResumableWsTestClient client = connect(this.server)) {
			UUID session = session(client);
			say(client, "fails 2");
			say(client, "next");
			awaitHandled(session, 2);
			awaitNoClaims();
			assertThat(contents(session)).containsExactly("fails 2", "next");
			assertThat(types(this.server, session)).doesNotContain("message_failed");
		}
	}

	@Test
	void aMessageFailsAfterTheLastAttemptAndTheClientIsNotified() {
		try (ResumableWsTestClient client = connect(this.server)) {
			UUID session = session(client);
			say(client, "fails 3");
			say(client, "next");
			JsonNode failed = client.awaitEvent("message_failed").payload();
			assertThat(failed.path("in_reply_to").asInt()).isOne();
			assertThat(failed.path("code").asString()).isEqualTo("failed");
			assertThat(failed.toString()).doesNotContain("SECRET");
			awaitHandled(session, 1);
			assertThat(contents(session)).containsExactly("next");
			awaitNoClaims();
		}
	}

	@Test
	void anInvalidMessageIsNotRetried() {
		try (ResumableWsTestClient client = connect(this.server)) {
			UUID session = session(client);
			say(client, "much too long");
			JsonNode failed = client.awaitEvent("message_failed").payload();
			assertThat(failed.path("code").asString()).isEqualTo("invalid");
			assertThat(failed.path("message").asString()).isEqualTo("payload.content: size must be between 0 and 10");
			awaitNoClaims();
			assertThat(contents(session)).isEmpty();
		}
	}

	@Test
	void aForbiddenMessageIsNotRetried() {
		try (ResumableWsTestClient client = connect(this.server)) {
			UUID session = session(client);
			say(client, "forbidden");
			JsonNode failed = client.awaitEvent("message_failed").payload();
			assertThat(failed.path("code").asString()).isEqualTo("forbidden");
			assertThat(failed.path("message").asString()).isEqualTo("Not on Sundays");
			awaitNoClaims();
			assertThat(contents(session)).isEmpty();
		}
	}

	@Test
	void aMessageOfAnErasedSessionIsNotHandled() throws Exception {
		try (ResumableWsTestClient client = connect(this.server)) {
			UUID session = session(client);
			say(client, "wait");
			this.server.bean(Answer.class).awaitWaiting();
			assertThat(this.server.bean(ResumableSessions.class).erase(session)).isTrue();
			this.server.bean(Answer.class).open();
			awaitNoClaims();
			await().atMost(PATIENCE).until(() -> this.server.bean(Answer.class).running.get() == 0);
			assertThat(contents(session)).isEmpty();
		}
	}

	@Test
	void aMessageThatIsBeingHandledCannotBeCancelled() throws Exception {
		try (ResumableWsTestClient client = connect(this.server)) {
			UUID session = session(client);
			say(client, "wait");
			say(client, "next");
			this.server.bean(Answer.class).awaitWaiting();
			client.sendOnce(Map.of("type", "cancel"));
			client.sendOnce("{\"type\":\"ping\"}");
			client.await("pong");
			this.server.bean(Answer.class).open();
			awaitHandled(session, 2);
			awaitNoClaims();
			assertThat(types(this.server, session)).doesNotContain("assistant_message");
		}
	}

	private void awaitHandled(UUID session, int count) {
		await().atMost(PATIENCE).until(() -> contents(session).size() >= count);
	}

	private static long attempts(TestServer server, String tag, String value) {
		return server.bean(MeterRegistry.class)
			.find("resumable.ws.reply")
			.tag(tag, value)
			.timers()
			.stream()
			.mapToLong(Timer::count)
			.sum();
	}

	private void awaitNoClaims() {
		await().atMost(PATIENCE).until(() -> claims() == 0);
	}

	private int claims() {
		return this.direct.sql("select count(*) from ws_replies").query(Integer.class).single();
	}

	private List<String> contents(UUID session) {
		return this.direct.sql("select content from handled where session_id = ? order by event_id")
			.param(session)
			.query(String.class)
			.list();
	}

	private static List<String> types(TestServer server, UUID session) {
		return server.bean(ResumableSessions.class).history(session, 0, 100).stream().map(SessionEvent::type).toList();
	}

	private static UUID session(ResumableWsTestClient client) {
		UUID session = client.sessionId();
		client.await("replay_complete");
		return session;
	}

	private static void say(ResumableWsTestClient client, String content) {
		client.say(content);
		client.await("ack");
	}

	private static ResumableWsTestClient connect(TestServer server) {
		return ResumableWsTestClient.builder(server.uri()).tokens(Tokens.ISSUER).user("ada").connect();
	}

	private static TestServer start(String database) {
		return TestServer.builder()
			.database(database)
			.with(Answering.class)
			.properties("resumable-ws.reply.lease", "1s", "resumable-ws.cluster.backstop-interval", "500ms",
					"resumable-ws.shutdown.timeout", "3s", "resumable-ws.shutdown.reply-grace", "100ms",
					"spring.datasource.hikari.connection-timeout", "3000")
			.start();
	}

	record Said(@Size(max = 10) String content) {

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

		private final CountDownLatch opened = new CountDownLatch(1);

		private final CountDownLatch waiting = new CountDownLatch(1);

		private final AtomicInteger running = new AtomicInteger();

		private final Map<UUID, AtomicInteger> failures = new ConcurrentHashMap<>();

		Answer(JdbcClient jdbc) {
			this.jdbc = jdbc;
		}

		@ClientMessageMapping("user_message")
		void answer(@Valid Said said, ClientMessage message, ResumableSession session) throws InterruptedException {
			this.running.incrementAndGet();
			try {
				this.jdbc.sql("insert into handled values (?, ?, ?)")
					.params(session.id(), message.eventId(), said.content())
					.update();
				session.publish("answer", Map.of("to", said.content(), "by", message.userId()));
				if (said.content().equals("wait")) {
					this.waiting.countDown();
					this.opened.await();
				}
				if (said.content().equals("forbidden")) {
					throw new MessageForbiddenException("Not on Sundays");
				}
				if (said.content().startsWith("fails ")
						&& this.failures.computeIfAbsent(message.idempotencyKey(), (key) -> new AtomicInteger())
							.incrementAndGet() <= Integer.parseInt(said.content().substring(6))) {
					throw new IllegalStateException("SECRET");
				}
			}
			finally {
				this.running.decrementAndGet();
			}
		}

		void awaitWaiting() throws InterruptedException {
			assertThat(this.waiting.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
		}

		void open() {
			this.opened.countDown();
		}

	}

}
