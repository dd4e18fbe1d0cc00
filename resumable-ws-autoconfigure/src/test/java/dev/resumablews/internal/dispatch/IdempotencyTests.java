package dev.resumablews.internal.dispatch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

import dev.resumablews.ResumableSessions;
import dev.resumablews.SessionEvent;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
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

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests messages that are sent more than once.
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
	void aMessageSentTenTimesOverTwoConnectionsIsOneEventWithOneReply() {
		int before = this.model.exchanges().size();
		try (ResumableWsTestClient phone = to("alice").connect()) {
			UUID session = phone.sessionId();
			try (ResumableWsTestClient laptop = to("alice").session(session).connect()) {
				laptop.await("replay_complete");
				String key = UUID.randomUUID().toString();
				CompletableFuture<Void> byPhone = CompletableFuture.runAsync(() -> sendFiveTimes(phone, key));
				sendFiveTimes(laptop, key);
				byPhone.join();
				List<JsonNode> acks = new ArrayList<>();
				for (int i = 0; i < 5; i++) {
					acks.add(phone.await("ack").json());
					acks.add(laptop.await("ack").json());
				}
				assertThat(acks).allSatisfy((ack) -> {
					assertThat(ack.path("event_id").asLong(0)).isEqualTo(1);
					assertThat(ack.path("idempotency_key").asString("")).isEqualTo(key);
				});
				assertThat(acks).filteredOn((ack) -> ack.path("duplicate").asBoolean(false)).hasSize(9);
				assertThat(phone.awaitEvent("assistant_message").payload().path("content").asString(""))
					.isEqualTo("Hello.");
				laptop.await("assistant_message");
				assertThat(phone.frames()).filteredOn((each) -> each.type().equals("user_message")).hasSize(1);
			}
			assertThat(this.server.bean(ResumableSessions.class).history(session, 0, 100))
				.extracting(SessionEvent::type)
				.containsExactly("user_message", "assistant_started", "assistant_message");
			assertThat(this.model.exchanges()).hasSize(before + 1);
		}
	}

	@Test
	void aMessageSentAgainAfterItsReplyIsOnlyAcknowledged() {
		int before = this.model.exchanges().size();
		String key = UUID.randomUUID().toString();
		UUID session;
		try (ResumableWsTestClient client = to("bob").connect()) {
			session = client.sessionId();
			client.sendOnce(message(key));
			client.await("assistant_message");
		}
		try (ResumableWsTestClient client = to("bob").session(session).connect()) {
			client.await("replay_complete");
			client.sendOnce(message(key));
			JsonNode ack = client.await("ack").json();
			assertThat(ack.path("event_id").asLong(0)).isEqualTo(1);
			assertThat(ack.path("duplicate").asBoolean(false)).isTrue();
			client.sendOnce(message(UUID.randomUUID().toString()));
			assertThat(client.await(ServerFrame.Ack.class).isDuplicate()).isFalse();
			client.await("assistant_message");
			assertThat(client.await(ServerFrame.class,
					(each) -> each.type().equals("assistant_message") && !each.json().has("replay")))
				.isNotNull();
		}
		assertThat(this.model.exchanges()).hasSize(before + 2);
	}

	@Test
	void theSameKeyInAnotherSessionIsAnotherMessage() {
		String key = UUID.randomUUID().toString();
		for (String user : List.of("carol", "dave")) {
			try (ResumableWsTestClient client = to(user).connect()) {
				client.sendOnce(message(key));
				assertThat(client.await(ServerFrame.Ack.class).isDuplicate()).isFalse();
				client.await("assistant_message");
			}
		}
	}

	private static void sendFiveTimes(ResumableWsTestClient client, String key) {
		for (int i = 0; i < 5; i++) {
			client.sendOnce(message(key));
		}
	}

	private static Map<String, String> message(String key) {
		return Map.of("type", "user_message", "content", "Hello", "idempotency_key", key);
	}

	private ResumableWsTestClientBuilder to(String user) {
		return ResumableWsTestClient.builder(this.server.uri()).tokens(Tokens.ISSUER).user(user);
	}

}
