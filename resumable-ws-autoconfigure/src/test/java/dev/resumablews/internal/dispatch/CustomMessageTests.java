package dev.resumablews.internal.dispatch;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.MessageRejectedException;
import dev.resumablews.ResumableSessions;
import dev.resumablews.SessionEvent;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.OpenAiStub;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import tools.jackson.databind.JsonNode;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/**
 * Tests messages of the application's own types.
 */
@TestInstance(Lifecycle.PER_CLASS)
class CustomMessageTests {

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private TestServer server;

	private JdbcClient jdbc;

	@BeforeAll
	void start() {
		this.server = TestServer.builder().with(Orders.class).start();
		this.jdbc = this.server.bean(JdbcClient.class);
		this.jdbc.sql("create table orders (session_id uuid, item text)").update();
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@Test
	void aMessageWithoutAKeyIsHandledEachTime() {
		try (ResumableWsTestClient client = connect("alice")) {
			UUID session = client.sessionId();
			for (int i = 1; i <= 3; i++) {
				client.sendOnce(Map.of("type", "order", "payload", Map.of("item", "tea")));
				assertThat(client.awaitEvent("ordered").eventId()).isEqualTo(i);
			}
			assertThat(orders(session)).isEqualTo(3);
			assertThat(client.frames()).noneMatch((message) -> message.type().equals("ack"));
		}
	}

	@Test
	void aMessageWithAKeyIsHandledOnceInOneTransactionWithItsWritesAndEvents() {
		try (ResumableWsTestClient client = connect("bob")) {
			UUID session = client.sessionId();
			String key = UUID.randomUUID().toString();
			client.sendOnce(order("tea", key));
			JsonNode ack = client.await("ack").json();
			assertThat(ack.path("idempotency_key").asString("")).isEqualTo(key);
			assertThat(ack.has("duplicate")).isFalse();
			assertThat(client.await("ordered").json().path("payload").path("item").asString("")).isEqualTo("tea");
			client.sendOnce(order("tea", key));
			assertThat(client.await(ServerFrame.Ack.class).isDuplicate()).isTrue();
			assertThat(orders(session)).isEqualTo(1);
			assertThat(events(session)).containsExactly("ordered");
		}
	}

	@Test
	void aFailedHandlerIsRolledBackAndTheClientCanRetry() {
		try (ResumableWsTestClient client = connect("carol")) {
			UUID session = client.sessionId();
			String key = UUID.randomUUID().toString();
			Orders.failure = new IllegalStateException("the password of the database is 12345");
			client.sendOnce(order("fails", key));
			JsonNode error = client.await("error").json();
			assertThat(error.path("code").asString("")).isEqualTo("failed");
			assertThat(error.path("idempotency_key").asString("")).isEqualTo(key);
			assertThat(error.toString()).doesNotContain("12345", "IllegalState");
			assertThat(orders(session)).isZero();
			assertThat(events(session)).isEmpty();
			Orders.failure = null;
			client.sendOnce(order("fails", key));
			assertThat(client.await(ServerFrame.Ack.class).isDuplicate()).isFalse();
			assertThat(orders(session)).isEqualTo(1);
			assertThat(client.awaitEvent("ordered").eventId()).isEqualTo(1);
		}
	}

	@Test
	void aRejectionIsSentToTheClient() {
		try (ResumableWsTestClient client = connect("dave")) {
			UUID session = client.sessionId();
			String key = UUID.randomUUID().toString();
			Orders.failure = new MessageRejectedException("There is no coffee");
			client.sendOnce(order("fails", key));
			JsonNode error = client.await("error").json();
			assertThat(error.path("code").asString("")).isEqualTo("invalid");
			assertThat(error.path("message").asString("")).isEqualTo("There is no coffee");
			assertThat(error.path("idempotency_key").asString("")).isEqualTo(key);
			assertThat(orders(session)).isZero();
			client.sendOnce(Map.of("type", "order", "payload", Map.of("item", "fails")));
			assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("invalid");
		}
		finally {
			Orders.failure = null;
		}
	}

	@Test
	void theSameKeyOverTwoConnectionsAtOnceIsHandledOnce() {
		try (ResumableWsTestClient phone = connect("erin")) {
			UUID session = phone.sessionId();
			try (ResumableWsTestClient laptop = ResumableWsTestClient.builder(this.server.uri())
				.tokens(Tokens.ISSUER)
				.user("erin")
				.session(session)
				.connect()) {
				laptop.await("replay_complete");
				String key = UUID.randomUUID().toString();
				CompletableFuture<Void> byPhone = CompletableFuture
					.runAsync(() -> times(5, () -> phone.sendOnce(order("tea", key))));
				times(5, () -> laptop.sendOnce(order("tea", key)));
				byPhone.join();
				await().until(() -> answers(phone).size() == 5 && answers(laptop).size() == 5);
				List<ServerFrame> answers = new ArrayList<>(answers(phone));
				answers.addAll(answers(laptop));
				assertThat(answers).filteredOn((answer) -> answer.type().equals("error"))
					.allSatisfy((error) -> assertThat(error.json().path("code").asString()).isEqualTo("unavailable"));
				assertThat(answers).filteredOn((answer) -> answer.type().equals("ack"))
					.filteredOn((ack) -> !ack.json().path("duplicate").asBoolean(false))
					.hasSize(1);
				laptop.sendOnce(order("tea", key));
				await().until(() -> answers(laptop).size() == 6);
				assertThat(answers(laptop).get(5).json().path("duplicate").asBoolean()).isTrue();
			}
			assertThat(orders(session)).isEqualTo(1);
			assertThat(events(session)).containsExactly("ordered");
		}
	}

	@Test
	void aHandlerThatNamesAnUnknownSessionDoesNotEndTheConnection() {
		try (ResumableWsTestClient client = connect("frank")) {
			client.sendOnce(Map.of("type", "forward", "payload", Map.of("to", UUID.randomUUID().toString())));
			assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("failed");
			client.sendOnce("{\"type\":\"ping\"}");
			assertThat(client.await("pong")).isNotNull();
		}
	}

	@Test
	void duplicateHandlersAndHandlersOfProtocolTypesAreRejected() {
		assertThatThrownBy(() -> TestServer.builder().with(Orders.class).with(MoreOrders.class).start())
			.hasMessageContaining("'order'")
			.hasMessageContaining(Order.class.getName());
		assertThatThrownBy(() -> TestServer.builder().with(OwnPing.class).start()).hasMessageContaining("'ping'")
			.hasMessageContaining("CustomMessageTests");
	}

	@Test
	void aHandlerOfUserMessagesReplacesTheReply() {
		try (OpenAiStub model = OpenAiStub.start();
				TestServer answering = TestServer.builder().model(model).with(Answering.class).start();
				ResumableWsTestClient client = ResumableWsTestClient.builder(answering.uri())
					.tokens(Tokens.ISSUER)
					.user("grace")
					.connect()) {
			client.await("replay_complete");
			String key = UUID.randomUUID().toString();
			for (int i = 0; i < 3; i++) {
				client.sendOnce(Map.of("type", "user_message", "content", "Hello", "idempotency_key", key));
				assertThat(client.await("ack").json().path("event_id").asInt(0)).isEqualTo(1);
			}
			assertThat(client.await("answer").json().path("payload").path("to").asString("")).isEqualTo("Hello");
			for (int i = 1; i <= 20; i++) {
				client.say("n" + i);
			}
			List<ClientMessage> handled = answering.bean(Answer.class).handled;
			await().atMost(PATIENCE).until(() -> handled.size() == 21);
			assertThat(handled.get(0).eventId()).isEqualTo(1);
			assertThat(handled.get(0).idempotencyKey()).hasToString(key);
			for (int i = 1; i <= 20; i++) {
				assertThat(handled.get(i).payload().path("content").asString("")).isEqualTo("n" + i);
			}
			assertThat(model.exchanges()).isEmpty();
			assertThat(client.frames()).noneMatch((message) -> message.type().startsWith("assistant_"));
		}
	}

	private static List<ServerFrame> answers(ResumableWsTestClient client) {
		return client.frames().stream().filter((message) -> List.of("ack", "error").contains(message.type())).toList();
	}

	private static void times(int times, Runnable action) {
		for (int i = 0; i < times; i++) {
			action.run();
		}
	}

	private static Map<String, ?> order(String item, String key) {
		return Map.of("type", "order", "payload", Map.of("item", item), "idempotency_key", key);
	}

	private int orders(UUID session) {
		return this.jdbc.sql("select count(*) from orders where session_id = ?")
			.param(session)
			.query(Integer.class)
			.single();
	}

	private List<String> events(UUID session) {
		return this.server.bean(ResumableSessions.class)
			.history(session, 0, 100)
			.stream()
			.map(SessionEvent::type)
			.toList();
	}

	private ResumableWsTestClient connect(String user) {
		return ResumableWsTestClient.builder(this.server.uri()).tokens(Tokens.ISSUER).user(user).connect();
	}

	@Configuration(proxyBeanMethods = false)
	static class Orders {

		static volatile RuntimeException failure;

		@Bean
		ClientMessageHandler orderHandler(JdbcClient jdbc, ResumableSessions sessions) {
			return new Order(jdbc, sessions);
		}

		@Bean
		ClientMessageHandler forwardHandler(ResumableSessions sessions) {
			return handler("forward", (message) -> sessions
				.publish(UUID.fromString(message.payload().path("to").asString("")), "forwarded", Map.of()));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class MoreOrders {

		@Bean
		ClientMessageHandler secondOrderHandler(JdbcClient jdbc, ResumableSessions sessions) {
			return new Order(jdbc, sessions);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnPing {

		@Bean
		ClientMessageHandler pingHandler() {
			return handler("ping", (message) -> {
			});
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Answering {

		@Bean
		Answer answer(ResumableSessions sessions) {
			return new Answer(sessions);
		}

	}

	static final class Answer implements ClientMessageHandler {

		private final List<ClientMessage> handled = new CopyOnWriteArrayList<>();

		private final ResumableSessions sessions;

		Answer(ResumableSessions sessions) {
			this.sessions = sessions;
		}

		@Override
		public String type() {
			return "user_message";
		}

		@Override
		public void handle(ClientMessage message) {
			this.handled.add(message);
			this.sessions.publish(message.sessionId(), "answer",
					Map.of("to", message.payload().path("content").asString("")));
		}

	}

	static final class Order implements ClientMessageHandler {

		private final JdbcClient jdbc;

		private final ResumableSessions sessions;

		Order(JdbcClient jdbc, ResumableSessions sessions) {
			this.jdbc = jdbc;
			this.sessions = sessions;
		}

		@Override
		public String type() {
			return "order";
		}

		@Override
		public void handle(ClientMessage message) {
			String item = message.payload().path("item").asString("");
			RuntimeException failure = Orders.failure;
			if (failure instanceof MessageRejectedException && item.equals("fails")) {
				throw failure;
			}
			this.jdbc.sql("insert into orders (session_id, item) values (?, ?)")
				.params(message.sessionId(), item)
				.update();
			this.sessions.publish(message.sessionId(), "ordered", Map.of("item", item));
			if (failure != null && item.equals("fails")) {
				throw failure;
			}
		}

	}

	private static ClientMessageHandler handler(String type, Consumer<ClientMessage> action) {
		return new ClientMessageHandler() {

			@Override
			public String type() {
				return type;
			}

			@Override
			public void handle(ClientMessage message) {
				action.accept(message);
			}

		};
	}

}
