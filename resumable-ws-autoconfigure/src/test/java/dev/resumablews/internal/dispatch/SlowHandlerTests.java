package dev.resumablews.internal.dispatch;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.WsTestClient;
import javax.sql.DataSource;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Handlers of the application that do not return: what the other clients, and the other
 * messages, notice.
 */
class SlowHandlerTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final int THREADS = 10;

	private TestServer server;

	@BeforeEach
	void start() {
		this.server = TestServer.builder()
			.with(Handlers.class)
			.properties("server.tomcat.threads.max", String.valueOf(THREADS), "resumable-ws.user.messages-per-second",
					"0")
			.start();
	}

	@AfterEach
	void stop() {
		handlers().end.countDown();
		this.server.close();
	}

	@Test
	void messagesThatWaitForTheirHandlerAreBoundedAndFurtherOnesAreRefusedBeforeTheyAreStored() {
		int sent = MessageBacklog.MAX_MESSAGES + 30;
		try (WsTestClient client = connect("ada"); WsTestClient other = connect("bob")) {
			for (int i = 0; i < sent; i++) {
				client.send(userMessage("message " + i));
			}
			List<JsonNode> answers = new ArrayList<>();
			for (int i = 0; i < sent; i++) {
				answers.add(client.await((message) -> message.has("idempotency_key") && !message.has("payload")));
			}
			assertThat(answers).filteredOn((answer) -> answer.path("type").asString().equals("ack"))
				.hasSize(MessageBacklog.MAX_MESSAGES);
			assertThat(answers).filteredOn((answer) -> answer.path("code").asString("").equals("unavailable"))
				.hasSize(30);
			other.send(userMessage("hello"));
			other.await("ack");
			await().atMost(PATIENCE).until(() -> handlers().running.get() == 2);
			handlers().end.countDown();
			await().atMost(PATIENCE).until(() -> handlers().handled.get() == MessageBacklog.MAX_MESSAGES + 1);
			client.send(userMessage("again"));
			client.await("ack");
			await().atMost(PATIENCE).until(() -> handlers().handled.get() == MessageBacklog.MAX_MESSAGES + 2);
		}
	}

	@Test
	void aMessageThatWaitedForTheSessionToBeOpenedCountsOnceWhileItWaitsForItsHandler() throws Exception {
		UUID session;
		try (WsTestClient client = connect("ada")) {
			session = UUID.fromString(client.await("session_init").path("session_id").asString());
		}
		try (java.sql.Connection blocker = this.server.bean(DataSource.class).getConnection()) {
			blocker.setAutoCommit(false);
			blocker.createStatement().execute("lock table ws_sessions in access exclusive mode");
			try (WsTestClient client = WsTestClient.to(this.server.uri())
				.query("token", Tokens.forUser("ada"))
				.query("sessionId", session.toString())
				.patience(PATIENCE)
				.connect()) {
				for (int i = 0; i < MessageBacklog.MAX_MESSAGES; i++) {
					client.send(userMessage("message " + i));
				}
				client.ping();
				await().atMost(PATIENCE).until(() -> client.pongsReceived() == 1);
				blocker.rollback();
				for (int i = 0; i < MessageBacklog.MAX_MESSAGES; i++) {
					JsonNode answer = client
						.await((message) -> message.has("idempotency_key") && !message.has("payload"));
					assertThat(answer.path("type").asString()).isEqualTo("ack");
				}
			}
		}
	}

	@Test
	void handlersTakeNoThreadOfTheWebServer() {
		List<WsTestClient> clients = new ArrayList<>();
		for (int i = 0; i < THREADS + 5; i++) {
			clients.add(order("ada" + i));
		}
		await().atMost(PATIENCE).until(() -> handlers().running.get() == THREADS + 5);
		for (WsTestClient client : clients) {
			client.send("{\"type\":\"ping\",\"t\":1}");
			client.await("pong");
		}
		clients.forEach(WsTestClient::close);
	}

	@Test
	void theHandlersOfOneUserLeaveThreadsToOthers() {
		List<WsTestClient> clients = new ArrayList<>();
		for (int i = 0; i < 70; i++) {
			clients.add(order("ada"));
		}
		await().atMost(PATIENCE).until(() -> handlers().running.get() == 4);
		clients.add(order("bob"));
		await().atMost(PATIENCE).until(() -> handlers().running.get() == 5);
		clients.forEach(WsTestClient::close);
	}

	@Test
	void handlersOfMessagesWithAKeyLeaveConnectionsToTheApplication() throws Exception {
		List<WsTestClient> clients = new ArrayList<>();
		for (int i = 0; i < 12; i++) {
			WsTestClient client = connect("ada" + i);
			client.await("replay_complete");
			client.send(Map.of("type", "order", "payload", Map.of(), "idempotency_key", UUID.randomUUID().toString()));
			clients.add(client);
		}
		await().atMost(PATIENCE).until(() -> handlers().running.get() == 5);
		List<java.sql.Connection> free = new ArrayList<>();
		for (int i = 0; i < 5; i++) {
			free.add(this.server.bean(DataSource.class).getConnection());
		}
		for (java.sql.Connection connection : free) {
			connection.close();
		}
		assertThat(handlers().running).hasValue(5);
		handlers().end.countDown();
		for (WsTestClient client : clients) {
			client.await("ack");
			client.close();
		}
	}

	@Test
	void theMessagesAfterOneThatIsBeingHandledWaitForIt() {
		try (WsTestClient client = connect("ada")) {
			client.await("replay_complete");
			client.send(Map.of("type", "order", "payload", Map.of()));
			await().atMost(PATIENCE).until(() -> handlers().running.get() == 1);
			client.send(userMessage("after the order"));
			client.send("{\"type\":\"ping\",\"t\":1}");
			client.await("pong");
			assertThat(client.messages()).noneMatch((message) -> message.path("type").asString().equals("ack"));
			handlers().end.countDown();
			client.await("ack");
		}
	}

	private Handlers handlers() {
		return this.server.bean(Handlers.class);
	}

	private WsTestClient order(String user) {
		WsTestClient client = connect(user);
		client.await("replay_complete");
		client.send(Map.of("type", "order", "payload", Map.of()));
		return client;
	}

	private WsTestClient connect(String user) {
		return WsTestClient.to(this.server.uri()).query("token", Tokens.forUser(user)).patience(PATIENCE).connect();
	}

	private static Map<String, String> userMessage(String content) {
		return Map.of("type", "user_message", "content", content, "idempotency_key", UUID.randomUUID().toString());
	}

	@Configuration(proxyBeanMethods = false)
	static class Handlers {

		private final CountDownLatch end = new CountDownLatch(1);

		private final AtomicInteger running = new AtomicInteger();

		private final AtomicInteger handled = new AtomicInteger();

		@Bean
		ClientMessageHandler userMessages() {
			return new Handler("user_message");
		}

		@Bean
		ClientMessageHandler orders() {
			return new Handler("order");
		}

		private final class Handler implements ClientMessageHandler {

			private final String type;

			Handler(String type) {
				this.type = type;
			}

			@Override
			public String type() {
				return this.type;
			}

			@Override
			public void handle(ClientMessage message) {
				Handlers.this.running.incrementAndGet();
				try {
					Handlers.this.end.await(PATIENCE.toSeconds(), TimeUnit.SECONDS);
					Handlers.this.handled.incrementAndGet();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			}

		}

	}

}
