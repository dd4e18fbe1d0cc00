package dev.resumablews.internal.dispatch;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.EphemeralMessageHandler;
import dev.resumablews.MessageRejectedException;
import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.budget.HeldBudgets;
import dev.resumablews.internal.budget.UserBudgets;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.HttpResponse;
import dev.resumablews.testing.HttpTestClient;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import tools.jackson.databind.JsonNode;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

/**
 * Tests ephemeral messages of clients, and ephemeral events to clients that are behind.
 */
@TestInstance(Lifecycle.PER_CLASS)
class EphemeralMessageTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private TestServer server;

	@BeforeAll
	void start() {
		this.server = TestServer.builder()
			.with(Handlers.class)
			.properties("resumable-ws.user.ephemeral-per-second", "1", "resumable-ws.user.messages-per-second", "0",
					"resumable-ws.user.frames-per-second", "0")
			// the end of a stream over HTTP is detected by the next heartbeat
			.properties("resumable-ws.connection.heartbeat-interval", "1s")
			.start();
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@Test
	void aHandlerCanForwardAMessageToTheOtherClientsOfTheSession() {
		try (ResumableWsTestClient phone = connect("alice", null)) {
			UUID session = session(phone);
			try (ResumableWsTestClient laptop = connect("alice", session)) {
				laptop.await("replay_complete");
				phone.sendOnce(ephemeral("typing", Map.of("on", true)));
				JsonNode event = laptop.await("typing").json();
				assertThat(event.path("ephemeral").asBoolean()).isTrue();
				assertThat(event.path("payload").path("on").asBoolean()).isTrue();
				phone.sendOnce("{\"type\":\"ping\"}");
				phone.await("pong");
				assertThat(types(phone)).doesNotContain("typing", "ack", "error");
			}
			assertThat(this.server.bean(ResumableSessions.class).history(session, 0, 10)).isEmpty();
		}
	}

	@Test
	void ephemeralMessagesWorkOverHttp() {
		try (HttpTestClient stream = HttpTestClient.sse(this.server.uri())
			.query("token", Tokens.forUser("anna"))
			.query("presence", "true")
			.connect()) {
			String session = stream.await("session_init").path("session_id").asString();
			stream.await("presence");
			stream.await("replay_complete");
			HttpResponse answer = stream.post("[{\"type\":\"typing\",\"ephemeral\":true,\"payload\":{\"n\":1}},"
					+ "{\"type\":\"other\",\"ephemeral\":true}]");
			assertThat(answer.body()).startsWith("[null,{\"type\":\"error\",\"code\":\"unknown_type\"");
			this.server.bean(ResumableSessions.class).sendEphemeral(UUID.fromString(session), "step", Map.of());
			stream.await("step");
			assertThat(stream.lines()).noneMatch((line) -> line.startsWith("id:"));
		}
	}

	@Test
	void aMessageWithoutAHandlerIsRejected() {
		try (ResumableWsTestClient client = connect("bob", null)) {
			session(client);
			client.sendOnce(ephemeral("order", Map.of()));
			JsonNode error = client.await("error").json();
			assertThat(error.path("code").asString()).isEqualTo("unknown_type");
			assertThat(error.path("message").asString()).isEqualTo("No handler for ephemeral message type 'order'");
			client.sendOnce(ephemeral("user_message", Map.of()));
			assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("unknown_type");
		}
		try (ResumableWsTestClient client = connect("bill", null)) {
			session(client);
			client.sendOnce(Map.of("type", "typing", "payload", Map.of()));
			assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("unknown_type");
			client.sendOnce(Map.of("type", "typing", "ephemeral", true, "idempotency_key", UUID.randomUUID()));
			assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("invalid");
			client.sendOnce(Map.of("type", "typing", "ephemeral", "yes"));
			assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("invalid");
		}
	}

	@Test
	void aFailedHandlerIsAnsweredWithAnErrorAndTheConnectionStays() {
		try (ResumableWsTestClient client = connect("carol", null)) {
			session(client);
			client.sendOnce(ephemeral("failing", Map.of("how", "rejected")));
			JsonNode rejected = client.await("error").json();
			assertThat(rejected.path("code").asString()).isEqualTo("invalid");
			assertThat(rejected.path("message").asString()).isEqualTo("Not now");
			client.sendOnce(ephemeral("failing", Map.of("how", "secret 12345")));
			JsonNode failed = client.await("error").json();
			assertThat(failed.path("code").asString()).isEqualTo("failed");
			assertThat(failed.toString()).doesNotContain("12345");
			client.sendOnce("{\"type\":\"ping\"}");
			client.await("pong");
		}
	}

	@Test
	void messagesBeyondTheRateAreDroppedAndCloseNoConnection() {
		try (ResumableWsTestClient client = connect("dave", null)) {
			session(client);
			for (int i = 0; i < 500; i++) {
				client.sendOnce(ephemeral("noted", Map.of("n", i)));
			}
			client.sendOnce("{\"type\":\"ping\"}");
			client.await("pong");
			List<ClientMessage> noted = this.server.bean(Handlers.Noted.class).messages;
			await().until(() -> noted.size() >= 2);
			assertThat(noted.size()).isLessThan(100);
			assertThat(noted.get(0).payload().path("n").asInt()).isZero();
			assertThat(types(client)).containsOnly("session_init", "replay_complete", "pong");
		}
	}

	@Test
	void aHandlerThatHangsDelaysNothingElse() {
		CountDownLatch end = this.server.bean(Handlers.Stuck.class).end;
		try (ResumableWsTestClient client = connect("erin", null); ResumableWsTestClient other = connect("eve", null)) {
			UUID session = session(client);
			session(other);
			client.sendOnce(ephemeral("stuck", Map.of()));
			await().until(() -> this.server.bean(Handlers.Stuck.class).calls.size() == 1);
			client.sendOnce(Map.of("type", "order", "payload", Map.of(), "idempotency_key", UUID.randomUUID()));
			client.await("ack");
			this.server.bean(ResumableSessions.class).publish(session, "tick", Map.of());
			client.await("tick");
			other.sendOnce(ephemeral("failing", Map.of("how", "rejected")));
			other.await("error");
		}
		finally {
			end.countDown();
		}
		await().atMost(PATIENCE).until(() -> HeldBudgets.of(this.server.bean(UserBudgets.class)) == 0);
	}

	@Test
	void aClientReceivesNoEphemeralEventsDuringItsReplay() {
		ResumableSessions sessions = this.server.bean(ResumableSessions.class);
		UUID session;
		try (ResumableWsTestClient client = connect("frank", null)) {
			session = session(client);
		}
		for (int i = 0; i < 3000; i++) {
			sessions.publishAsync(session, "tick", Map.of("text", "x".repeat(500)));
		}
		sessions.publish(session, "last", Map.of());
		AtomicBoolean ended = new AtomicBoolean();
		Thread sending = new Thread(() -> {
			while (!ended.get()) {
				sessions.sendEphemeral(session, "typing", Map.of());
				Thread.onSpinWait();
			}
		});
		sending.start();
		try (ResumableWsTestClient client = connect("frank", session)) {
			client.await("replay_complete");
			client.await("typing");
			List<String> types = types(client);
			assertThat(types.indexOf("typing")).isGreaterThan(types.indexOf("replay_complete"));
			assertThat(types.indexOf("replay_complete")).isGreaterThan(3000);
		}
		finally {
			ended.set(true);
		}
	}

	@Test
	void aSlowClientLosesOnlyOldEphemeralEvents() {
		ResumableSessions sessions = this.server.bean(ResumableSessions.class);
		try (RawWebSocketClient client = RawWebSocketClient.to(this.server.uri())
			.query("token", Tokens.forUser("grace"))
			.timeout(PATIENCE)
			.connect()) {
			UUID session = UUID.fromString(client.await("session_init").path("session_id").asString());
			client.await("replay_complete");
			client.pauseReading();
			String text = "x".repeat(7000);
			for (int i = 1; i <= 5000; i++) {
				sessions.sendEphemeral(session, "step", Map.of("n", i, "text", text));
				if (i % 100 == 0) {
					sessions.publish(session, "tick", Map.of("n", i / 100));
				}
			}
			client.resumeReading();
			for (int n = 1; n <= 50; n++) {
				JsonNode tick = client.await("tick");
				assertThat(tick.path("event_id").asInt()).isEqualTo(n);
				assertThat(tick.path("payload").path("n").asInt()).isEqualTo(n);
			}
			client.await((message) -> message.path("payload").path("n").asInt(0) == 5000);
			List<Integer> steps = client.messages()
				.stream()
				.filter((message) -> message.path("type").asString().equals("step"))
				.map((message) -> message.path("payload").path("n").asInt())
				.toList();
			assertThat(steps).isSorted().doesNotHaveDuplicates().hasSizeLessThan(4000);
			assertThat(client.isOpen()).isTrue();
		}
	}

	@Test
	void aHandlerOfAProtocolTypeIsRejected() {
		assertThatThrownBy(() -> TestServer.builder().with(OwnType.class).start())
			.hasMessageContaining("'user_message'");
	}

	private static Map<String, ?> ephemeral(String type, Map<String, ?> payload) {
		return Map.of("type", type, "ephemeral", true, "payload", payload);
	}

	private static List<String> types(ResumableWsTestClient client) {
		return client.frames().stream().map(ServerFrame::type).toList();
	}

	private static UUID session(ResumableWsTestClient client) {
		UUID session = client.sessionId();
		client.await("replay_complete");
		return session;
	}

	private ResumableWsTestClient connect(String user, @Nullable UUID session) {
		ResumableWsTestClientBuilder client = ResumableWsTestClient.builder(this.server.uri())
			.tokens(Tokens.ISSUER)
			.user(user)
			.timeout(PATIENCE);
		return ((session != null) ? client.session(session) : client).connect();
	}

	@Configuration(proxyBeanMethods = false)
	static class Handlers {

		@Bean
		EphemeralMessageHandler typing(ResumableSessions sessions) {
			return EphemeralMessageHandler.of("typing",
					(message) -> sessions.sendEphemeralToOthers(message, message.payload()));
		}

		@Bean
		EphemeralMessageHandler failing() {
			return EphemeralMessageHandler.of("failing", (message) -> {
				String how = message.payload().path("how").asString();
				throw how.equals("rejected") ? new MessageRejectedException("Not now") : new IllegalStateException(how);
			});
		}

		@Bean
		Noted noted() {
			return new Noted();
		}

		@Bean
		Stuck stuck() {
			return new Stuck();
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
				}

			};
		}

		static final class Noted implements EphemeralMessageHandler {

			private final List<ClientMessage> messages = new CopyOnWriteArrayList<>();

			@Override
			public String type() {
				return "noted";
			}

			@Override
			public void handle(ClientMessage message) {
				this.messages.add(message);
			}

		}

		static final class Stuck implements EphemeralMessageHandler {

			private final CountDownLatch end = new CountDownLatch(1);

			private final List<ClientMessage> calls = new CopyOnWriteArrayList<>();

			@Override
			public String type() {
				return "stuck";
			}

			@Override
			public void handle(ClientMessage message) {
				this.calls.add(message);
				try {
					this.end.await();
				}
				catch (InterruptedException ex) {
					Thread.currentThread().interrupt();
				}
			}

		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnType {

		@Bean
		EphemeralMessageHandler own() {
			return EphemeralMessageHandler.of("user_message", (message) -> {
			});
		}

	}

}
