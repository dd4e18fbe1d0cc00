package dev.resumablews.internal.dispatch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

import dev.resumablews.ResumableSessions;
import dev.resumablews.SessionEvent;
import dev.resumablews.testing.OpenAiStub;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.WsTestClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Messages that are sent more than once.
 */
@TestInstance(Lifecycle.PER_CLASS)
class IdempotencyTests {

	private OpenAiStub model;

	private TestServer server;

	@BeforeAll
	void start() {
		this.model = OpenAiStub.start();
		this.server = TestServer.builder().model(this.model).start();
	}

	@AfterAll
	void stop() {
		this.server.close();
		this.model.close();
	}

	@Test
	void aMessageSentTenTimesAtOnceOverTwoConnectionsIsOneEventWithOneReply() {
		int before = this.model.exchanges().size();
		try (WsTestClient phone = to("alice").connect()) {
			String session = phone.next().path("session_id").asString("");
			try (WsTestClient laptop = to("alice").query("sessionId", session).connect()) {
				laptop.await("replay_complete");
				String key = UUID.randomUUID().toString();
				CompletableFuture<Void> byPhone = CompletableFuture.runAsync(() -> sendFiveTimes(phone, key));
				sendFiveTimes(laptop, key);
				byPhone.join();
				List<JsonNode> acks = new ArrayList<>();
				for (int i = 0; i < 5; i++) {
					acks.add(phone.await("ack"));
					acks.add(laptop.await("ack"));
				}
				assertThat(acks).allSatisfy((ack) -> {
					assertThat(ack.path("event_id").asLong(0)).isEqualTo(1);
					assertThat(ack.path("idempotency_key").asString("")).isEqualTo(key);
				});
				assertThat(acks).filteredOn((ack) -> ack.path("duplicate").asBoolean(false)).hasSize(9);
				assertThat(phone.await("assistant_message").path("payload").path("content").asString(""))
					.isEqualTo("Hello.");
				laptop.await("assistant_message");
				assertThat(phone.messages()).filteredOn((each) -> each.path("type").asString("").equals("user_message"))
					.hasSize(1);
			}
			assertThat(this.server.bean(ResumableSessions.class).history(UUID.fromString(session), 0, 100))
				.extracting(SessionEvent::type)
				.containsExactly("user_message", "assistant_started", "assistant_message");
			assertThat(this.model.exchanges()).hasSize(before + 1);
		}
	}

	@Test
	void aMessageSentAgainAfterItsReplyIsOnlyAcknowledged() {
		int before = this.model.exchanges().size();
		String key = UUID.randomUUID().toString();
		String session;
		try (WsTestClient client = to("bob").connect()) {
			session = client.next().path("session_id").asString("");
			client.send(message(key));
			client.await("assistant_message");
		}
		try (WsTestClient client = to("bob").query("sessionId", session).connect()) {
			client.await("replay_complete");
			client.send(message(key));
			JsonNode ack = client.await("ack");
			assertThat(ack.path("event_id").asLong(0)).isEqualTo(1);
			assertThat(ack.path("duplicate").asBoolean(false)).isTrue();
			client.send(message(UUID.randomUUID().toString()));
			assertThat(client.await("ack").has("duplicate")).isFalse();
			client.await("assistant_message");
			assertThat(client
				.await((each) -> each.path("type").asString("").equals("assistant_message") && !each.has("replay")))
				.isNotNull();
		}
		assertThat(this.model.exchanges()).hasSize(before + 2);
	}

	@Test
	void theSameKeyInAnotherSessionIsAnotherMessage() {
		String key = UUID.randomUUID().toString();
		for (String user : List.of("carol", "dave")) {
			try (WsTestClient client = to(user).connect()) {
				client.send(message(key));
				assertThat(client.await("ack").has("duplicate")).isFalse();
				client.await("assistant_message");
			}
		}
	}

	private static void sendFiveTimes(WsTestClient client, String key) {
		for (int i = 0; i < 5; i++) {
			client.send(message(key));
		}
	}

	private static Map<String, String> message(String key) {
		return Map.of("type", "user_message", "content", "Hello", "idempotency_key", key);
	}

	private WsTestClient.Builder to(String user) {
		return WsTestClient.to(this.server.uri()).query("token", Tokens.forUser(user));
	}

}
