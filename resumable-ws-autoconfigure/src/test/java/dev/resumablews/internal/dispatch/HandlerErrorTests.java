package dev.resumablews.internal.dispatch;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.ResumableSessions;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.WsTestClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Handlers and listeners of the application that throw an {@link Error}.
 */
@TestInstance(Lifecycle.PER_CLASS)
class HandlerErrorTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private TestServer server;

	@BeforeAll
	void start() {
		this.server = TestServer.builder().with(Broken.class).start();
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@Test
	void theMessagesAfterOneWhoseHandlerFailedAreHandled() {
		try (WsTestClient client = connect("ada")) {
			for (String content : List.of("one", "bad", "two", "three")) {
				client.send(Map.of("type", "user_message", "content", content, "idempotency_key",
						UUID.randomUUID().toString()));
				client.await("ack");
			}
			await().atMost(PATIENCE)
				.untilAsserted(() -> assertThat(this.server.bean(Handled.class).contents).containsExactly("one", "bad",
						"bad", "bad", "two", "three"));
		}
	}

	@Test
	void aMessageWhoseHandlerFailedIsAnsweredAndTheConnectionStays() {
		try (WsTestClient client = connect("bob")) {
			client.send(Map.of("type", "order", "payload", Map.of()));
			assertThat(client.await("error").path("code").asString()).isEqualTo("failed");
			String key = UUID.randomUUID().toString();
			client.send(Map.of("type", "order", "payload", Map.of(), "idempotency_key", key));
			assertThat(client.await("error").path("idempotency_key").asString()).isEqualTo(key);
			client.send("{\"type\":\"ping\",\"t\":1}");
			client.await("pong");
		}
	}

	@Test
	void aListenerThatFailsKeepsNoEventFromBeingSent() {
		try (WsTestClient client = connect("carol")) {
			UUID session = UUID.fromString(client.await("session_init").path("session_id").asString());
			for (int i = 1; i <= 3; i++) {
				this.server.bean(ResumableSessions.class).publish(session, "tick", Map.of("n", i));
				assertThat(client.await("tick").path("event_id").asInt(0)).isEqualTo(i);
			}
			client.send("{\"type\":\"ping\",\"t\":1}");
			client.await("pong");
		}
	}

	private WsTestClient connect(String user) {
		return WsTestClient.to(this.server.uri()).query("token", Tokens.forUser(user)).patience(PATIENCE).connect();
	}

	@Configuration(proxyBeanMethods = false)
	static class Broken {

		@Bean
		Handled handled() {
			return new Handled();
		}

		@Bean
		ClientMessageHandler orders() {
			return new ClientMessageHandler() {

				@Override
				public String type() {
					return "order";
				}

				@Override
				public void handle(ClientMessage message) {
					throw new NoSuchMethodError("order");
				}

			};
		}

		@Bean
		ResumableWsListener listener() {
			return new ResumableWsListener() {

				@Override
				public void onEventsSent(int events, boolean replayed) {
					throw new NoSuchMethodError("sent");
				}

				@Override
				public void onConnectionOpened(boolean resumed) {
					throw new AssertionError("opened");
				}

			};
		}

	}

	static final class Handled implements ClientMessageHandler {

		private final List<String> contents = new CopyOnWriteArrayList<>();

		@Override
		public String type() {
			return "user_message";
		}

		@Override
		public void handle(ClientMessage message) {
			String content = message.payload().path("content").asString();
			this.contents.add(content);
			if (content.equals("bad")) {
				throw new AssertionError("bad");
			}
		}

	}

}
