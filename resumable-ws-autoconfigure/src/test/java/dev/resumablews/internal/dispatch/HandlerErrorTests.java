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
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
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
 * Tests handlers and listeners of the application that throw an {@link Error}.
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
	void messagesAfterAFailedOneAreHandled() {
		try (ResumableWsTestClient client = connect("ada")) {
			for (String content : List.of("one", "bad", "two", "three")) {
				client.say(content);
				client.await("ack");
			}
			await().atMost(PATIENCE)
				.untilAsserted(() -> assertThat(this.server.bean(Handled.class).contents).containsExactly("one", "bad",
						"bad", "bad", "two", "three"));
		}
	}

	@Test
	void aFailedHandlerIsAnsweredWithAnErrorAndTheConnectionStays() {
		try (ResumableWsTestClient client = connect("bob")) {
			client.sendOnce(Map.of("type", "order", "payload", Map.of()));
			assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("failed");
			String key = UUID.randomUUID().toString();
			client.sendOnce(Map.of("type", "order", "payload", Map.of(), "idempotency_key", key));
			assertThat(client.await("error").json().path("idempotency_key").asString()).isEqualTo(key);
			client.sendOnce("{\"type\":\"ping\",\"t\":1}");
			client.await("pong");
		}
	}

	@Test
	void aFailingListenerPreventsNoEvent() {
		try (ResumableWsTestClient client = connect("carol")) {
			UUID session = client.sessionId();
			for (int i = 1; i <= 3; i++) {
				this.server.bean(ResumableSessions.class).publish(session, "tick", Map.of("n", i));
				assertThat(client.awaitEvent("tick").eventId()).isEqualTo(i);
			}
			client.sendOnce("{\"type\":\"ping\",\"t\":1}");
			client.await("pong");
		}
	}

	private ResumableWsTestClient connect(String user) {
		return ResumableWsTestClient.builder(this.server.uri())
			.tokens(Tokens.ISSUER)
			.user(user)
			.timeout(PATIENCE)
			.connect();
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
