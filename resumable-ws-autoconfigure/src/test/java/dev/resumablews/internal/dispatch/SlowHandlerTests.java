package dev.resumablews.internal.dispatch;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import javax.sql.DataSource;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that handlers of the application that hang do not affect other clients and
 * messages.
 */
class SlowHandlerTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final int THREADS = 10;

	/**
	 * Twice the limit, because a node counts the waiting messages with a delay.
	 */
	private static final int MOST_STORED = 40;

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
	void messagesThatWaitForTheirHandlerAreLimitedAndFurtherOnesAreRejected() {
		try (ResumableWsTestClient client = connect("ada")) {
			client.await("replay_complete");
			for (int i = 0; i < MessageBacklog.MAX_MESSAGES + 30; i++) {
				client.sendOnce(Map.of("type", "order", "payload", Map.of(), "idempotency_key", UUID.randomUUID()));
			}
			for (int i = 0; i < 30; i++) {
				assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("unavailable");
			}
			handlers().end.countDown();
			for (int i = 0; i < MessageBacklog.MAX_MESSAGES; i++) {
				client.await("ack");
			}
			assertThat(handlers().handled).hasValue(MessageBacklog.MAX_MESSAGES);
		}
	}

	@Test
	void userMessagesThatWaitForTheirHandlerAreLimitedAndFurtherOnesAreNotStored() {
		try (ResumableWsTestClient client = connect("ada"); ResumableWsTestClient other = connect("bob")) {
			int stored = 0;
			JsonNode answer = say(client, "message");
			while (answer.path("type").asString().equals("ack")) {
				stored++;
				assertThat(stored).isLessThan(MOST_STORED);
				answer = say(client, "message " + stored);
			}
			assertThat(answer.path("code").asString("")).isEqualTo("unavailable");
			other.sendOnce(userMessage("hello"));
			other.await("ack");
			await().atMost(PATIENCE).until(() -> handlers().running.get() == 2);
			handlers().end.countDown();
			int all = stored + 1;
			await().atMost(PATIENCE).until(() -> handlers().handled.get() == all);
			await().atMost(PATIENCE).until(() -> say(client, "again").path("type").asString().equals("ack"));
			await().atMost(PATIENCE).until(() -> handlers().handled.get() == all + 1);
		}
	}

	@Test
	void theUserMessagesOfOneUserLeaveThreadsAndConnectionsToOthers() {
		List<ResumableWsTestClient> clients = new ArrayList<>();
		for (int i = 0; i < 8; i++) {
			ResumableWsTestClient client = connect("ada");
			client.await("replay_complete");
			assertThat(say(client, "hello").path("type").asString()).isEqualTo("ack");
			clients.add(client);
		}
		await().atMost(PATIENCE).until(() -> handlers().running.get() == 4);
		ResumableWsTestClient other = connect("bob");
		clients.add(other);
		other.await("replay_complete");
		assertThat(say(other, "hello").path("type").asString()).isEqualTo("ack");
		await().atMost(PATIENCE).until(() -> handlers().running.get() == 5);
		clients.forEach(ResumableWsTestClient::close);
	}

	@Test
	void aMessageThatArrivesBeforeTheSessionIsOpenIsStoredWhileAllHandlersOfTheUserHang() {
		List<ResumableWsTestClient> clients = occupyAllHandlers("ada", 4);
		for (int i = 0; i < 20; i++) {
			try (RawWebSocketClient early = RawWebSocketClient.to(this.server.uri())
				.query("token", Tokens.forUser("ada"))
				.connect()) {
				early.send("""
						{"type":"user_message","content":"early","idempotency_key":"%s"}"""
					.formatted(UUID.randomUUID()));
				early.await("ack");
			}
		}
		assertThat(handlers().handled).hasValue(0);
		clients.forEach(ResumableWsTestClient::close);
	}

	@Test
	void handlersOccupyNoThreadOfTheWebServer() {
		List<ResumableWsTestClient> clients = new ArrayList<>();
		for (int i = 0; i < THREADS + 5; i++) {
			clients.add(order("ada" + i));
		}
		await().atMost(PATIENCE).until(() -> handlers().running.get() == THREADS + 5);
		for (ResumableWsTestClient client : clients) {
			client.sendOnce("{\"type\":\"ping\",\"t\":1}");
			client.await("pong");
		}
		clients.forEach(ResumableWsTestClient::close);
	}

	@Test
	void theHandlersOfOneUserLeaveThreadsToOthers() {
		List<ResumableWsTestClient> clients = occupyAllHandlers("ada", 70);
		clients.add(order("bob"));
		await().atMost(PATIENCE).until(() -> handlers().running.get() == 5);
		clients.forEach(ResumableWsTestClient::close);
	}

	@Test
	void handlersOfMessagesWithAKeyLeaveConnectionsToTheApplication() throws Exception {
		List<ResumableWsTestClient> clients = new ArrayList<>();
		for (int i = 0; i < 12; i++) {
			ResumableWsTestClient client = connect("ada" + i);
			client.await("replay_complete");
			client.sendOnce(
					Map.of("type", "order", "payload", Map.of(), "idempotency_key", UUID.randomUUID().toString()));
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
		for (ResumableWsTestClient client : clients) {
			client.await("ack");
			client.close();
		}
	}

	@Test
	void messagesAreHandledOneAfterTheOther() {
		try (ResumableWsTestClient client = connect("ada")) {
			client.await("replay_complete");
			client.sendOnce(Map.of("type", "order", "payload", Map.of()));
			await().atMost(PATIENCE).until(() -> handlers().running.get() == 1);
			client.sendOnce(userMessage("after the order"));
			client.sendOnce("{\"type\":\"ping\",\"t\":1}");
			client.await("pong");
			assertThat(client.frames()).noneMatch((message) -> message.type().equals("ack"));
			handlers().end.countDown();
			client.await("ack");
		}
	}

	private static JsonNode say(ResumableWsTestClient client, String content) {
		client.sendOnce(userMessage(content));
		return client
			.await(ServerFrame.class,
					(message) -> message.json().has("idempotency_key") && !message.json().has("payload"))
			.json();
	}

	private Handlers handlers() {
		return this.server.bean(Handlers.class);
	}

	private List<ResumableWsTestClient> occupyAllHandlers(String user, int orders) {
		List<ResumableWsTestClient> clients = new ArrayList<>();
		for (int i = 0; i < orders; i++) {
			clients.add(order(user));
		}
		await().atMost(PATIENCE).until(() -> handlers().running.get() == 4);
		return clients;
	}

	private ResumableWsTestClient order(String user) {
		ResumableWsTestClient client = connect(user);
		client.await("replay_complete");
		client.sendOnce(Map.of("type", "order", "payload", Map.of()));
		return client;
	}

	private ResumableWsTestClient connect(String user) {
		return ResumableWsTestClient.builder(this.server.uri())
			.tokens(Tokens.ISSUER)
			.user(user)
			.timeout(PATIENCE)
			.connect();
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
