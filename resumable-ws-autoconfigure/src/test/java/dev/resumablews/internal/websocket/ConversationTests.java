package dev.resumablews.internal.websocket;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiStub;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.Transport;
import dev.resumablews.testing.WsFrame;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import tools.jackson.databind.JsonNode;

import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests what a client receives in normal operation, on each web server and kind of
 * thread, and over each transport. Tests without a transport cover features that only a
 * WebSocket has: frames, messages on the same connection, and close frames.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class ConversationTests {

	private final boolean jetty;

	private final boolean virtualThreads;

	private OpenAiStub model;

	private TestServer server;

	ConversationTests(boolean jetty, boolean virtualThreads) {
		this.jetty = jetty;
		this.virtualThreads = virtualThreads;
	}

	@BeforeAll
	void start() {
		Assumptions.assumeTrue(!this.virtualThreads || Runtime.version().feature() >= 21,
				"virtual threads need Java 21");
		this.model = OpenAiStub.start();
		this.server = TestServer.builder()
			.jetty(this.jetty)
			.model(this.model)
			.properties("spring.threads.virtual.enabled", String.valueOf(this.virtualThreads))
			.start();
	}

	@AfterAll
	void stop() {
		if (this.server != null) {
			this.server.close();
			this.model.close();
		}
	}

	@ParameterizedTest
	@EnumSource
	void aMessageIsAcknowledgedStoredAndAnswered(Transport transport) {
		// for this message only, because the next request may belong to a test that did
		// not wait for its answer
		this.model
			.answer((exchange) -> exchange.messages().stream().anyMatch((each) -> each.content().equals("Greet me"))
					? OpenAiAnswer.of("Good", " day", ", 😀") : OpenAiAnswer.of("Hello", "."));
		try (TestClient client = to(transport, "alice").connect()) {
			JsonNode init = client.next();
			assertThat(init.path("type").stringValue()).isEqualTo("session_init");
			assertThat(init.path("resumed").booleanValue()).isFalse();
			assertThat(init.path("last_event_id").longValue()).isZero();
			assertThat(init.path("protocol").intValue()).isEqualTo(1);
			assertThat(client.next().path("type").stringValue()).isEqualTo("replay_complete");
			UUID key = UUID.randomUUID();
			client.send(Map.of("type", "user_message", "content", "Greet me", "idempotency_key", key.toString()));
			JsonNode ack = client.await("ack");
			assertThat(ack.path("idempotency_key").stringValue()).isEqualTo(key.toString());
			assertThat(ack.path("event_id").longValue()).isEqualTo(1);
			assertThat(ack.has("duplicate")).isFalse();
			JsonNode message = client.await("assistant_message");
			assertThat(message.path("payload").path("content").stringValue()).isEqualTo("Good day, 😀");
			assertThat(message.path("payload").path("finish_reason").stringValue()).isEqualTo("stop");
			List<Long> ids = new ArrayList<>();
			client.messages()
				.stream()
				.filter((each) -> each.has("event_id") && each.has("payload"))
				.forEach((each) -> ids.add(each.path("event_id").longValue()));
			assertThat(ids).isSorted().doesNotHaveDuplicates().startsWith(1L, 2L);
			if (client instanceof RawWebSocketClient webSocket) {
				webSocket.sendClose(1000);
				assertThat(client.awaitClose()).isEqualTo(1000);
			}
		}
	}

	@ParameterizedTest
	@EnumSource
	void aClientThatReconnectsGetsWhatItMissed(Transport transport) {
		String session;
		try (TestClient client = to(transport, "bob").connect()) {
			session = client.next().path("session_id").stringValue();
			client.abort();
		}
		ResumableSessions sessions = this.server.bean(ResumableSessions.class);
		for (int i = 1; i <= 5; i++) {
			sessions.publish(UUID.fromString(session), "tick", Map.of("n", i));
		}
		try (TestClient client = to(transport, "bob").query("sessionId", session).query("lastEventId", 2).connect()) {
			JsonNode init = client.next();
			assertThat(init.path("resumed").booleanValue()).isTrue();
			assertThat(init.path("session_id").stringValue()).isEqualTo(session);
			assertThat(init.path("last_event_id").longValue()).isEqualTo(5);
			for (int i = 3; i <= 5; i++) {
				JsonNode event = client.next();
				assertThat(event.path("event_id").intValue()).isEqualTo(i);
				assertThat(event.path("payload").path("n").intValue()).isEqualTo(i);
				assertThat(event.path("replay").booleanValue()).isTrue();
			}
			JsonNode complete = client.next();
			assertThat(complete.path("type").stringValue()).isEqualTo("replay_complete");
			assertThat(complete.path("count").intValue()).isEqualTo(3);
			assertThat(complete.path("last_event_id").intValue()).isEqualTo(5);
			sessions.publish(UUID.fromString(session), "tick", Map.of("n", 6));
			JsonNode live = client.next();
			assertThat(live.path("event_id").intValue()).isEqualTo(6);
			assertThat(live.has("replay")).isFalse();
		}
	}

	@Test
	void waitingMessagesShareAFrameIfTheClientAgreed() {
		String session;
		try (RawWebSocketClient client = connect("carol")) {
			session = client.next().path("session_id").stringValue();
		}
		ResumableSessions sessions = this.server.bean(ResumableSessions.class);
		for (int i = 1; i <= 300; i++) {
			sessions.publish(UUID.fromString(session), "tick", Map.of("n", i));
		}
		try (RawWebSocketClient client = to("carol").query("sessionId", session).query("frames", "ndjson").connect()) {
			client.await("replay_complete");
			assertThat(client.messages()).hasSize(302);
			assertThat(textFrames(client)).hasSizeLessThan(10);
		}
		try (RawWebSocketClient client = to("carol").query("sessionId", session).connect()) {
			client.await("replay_complete");
			assertThat(client.messages()).hasSize(302);
			assertThat(textFrames(client)).hasSize(302);
		}
	}

	@ParameterizedTest
	@EnumSource
	void eachConnectionOfASessionGetsEachEvent(Transport transport) {
		try (TestClient phone = to(transport, "dave").connect()) {
			String session = phone.next().path("session_id").stringValue();
			try (TestClient laptop = to(transport, "dave").query("sessionId", session).connect()) {
				assertThat(laptop.next().path("resumed").booleanValue()).isTrue();
				for (int i = 1; i <= 50; i++) {
					this.server.bean(ResumableSessions.class).publish(UUID.fromString(session), "tick", Map.of("n", i));
				}
				for (TestClient client : List.of(phone, laptop)) {
					client.await((message) -> message.path("event_id").asInt(0) == 50);
					assertThat(client.messages()).filteredOn((message) -> message.has("event_id"))
						.extracting((message) -> message.path("event_id").intValue())
						.hasSize(50)
						.isSorted()
						.doesNotHaveDuplicates();
				}
			}
		}
	}

	@ParameterizedTest
	@EnumSource
	void aPingIsAnsweredAndEchoed(Transport transport) {
		try (TestClient client = to(transport, "erin").connect()) {
			client.send("{\"type\":\"ping\",\"t\":{\"a\":[1,2]}}");
			assertThat(client.await("pong").path("t").toString()).isEqualTo("{\"a\":[1,2]}");
			client.send("{\"type\":\"ping\"}");
			assertThat(client.await("pong").has("t")).isFalse();
		}
	}

	@Test
	void aClientCanRequestAReplay() {
		try (RawWebSocketClient client = connect("frank")) {
			String session = client.next().path("session_id").stringValue();
			client.await("replay_complete");
			for (int i = 1; i <= 5; i++) {
				this.server.bean(ResumableSessions.class).publish(UUID.fromString(session), "tick", Map.of("n", i));
			}
			client.await((message) -> message.path("event_id").asInt(0) == 5);
			client.send("{\"type\":\"resume\",\"lastEventId\":3}");
			assertThat(client.await((message) -> message.has("replay")).path("event_id").intValue()).isEqualTo(4);
			assertThat(client.await("replay_complete").path("count").intValue()).isEqualTo(2);
		}
	}

	@ParameterizedTest
	@EnumSource
	void aLargeMessageIsStored(Transport transport) {
		String large = "ä".repeat(50_000);
		try (TestClient client = to(transport, "grace").connect()) {
			client.next();
			client.send(
					Map.of("type", "user_message", "content", large, "idempotency_key", UUID.randomUUID().toString()));
			client.await("ack");
			JsonNode event = client.await("user_message");
			assertThat(event.path("payload").path("content").stringValue()).isEqualTo(large);
		}
	}

	@Test
	void aLargeMessageCanBeFragmentedAndATooLargeOneClosesTheWebSocket() {
		String large = "ä".repeat(50_000);
		try (RawWebSocketClient client = connect("grace")) {
			client.next();
			client.sendFragmented("{\"type\":\"user_message\",\"idempotency_key\":\"" + UUID.randomUUID()
					+ "\",\"content\":\"" + large + "\"}", 1013);
			client.await("ack");
			client.send(Map.of("type", "user_message", "content", "x".repeat(140_000), "idempotency_key",
					UUID.randomUUID().toString()));
			assertThat(client.awaitClose()).isEqualTo(1009);
		}
	}

	@ParameterizedTest
	@EnumSource
	void malformedMessagesAreAnswered(Transport transport) {
		try (TestClient client = to(transport, "heidi").connect()) {
			client.next();
			sendMalformedMessages(client);
		}
	}

	@Test
	void tooManyMalformedMessagesCloseTheWebSocket() {
		try (RawWebSocketClient client = connect("heidi")) {
			sendMalformedMessages(client);
			// ten consecutive ones, with the four before
			for (int i = 0; i < 6; i++) {
				client.send("nonsense");
			}
			assertThat(client.awaitClose()).isEqualTo(4400);
		}
	}

	private static void sendMalformedMessages(TestClient client) {
		client.send("nonsense");
		assertThat(client.await("error").path("code").stringValue()).isEqualTo("malformed");
		client.send("\"text\"");
		assertThat(client.await("error").path("code").stringValue()).isEqualTo("malformed");
		client.send("{\"payload\":{}}");
		assertThat(client.await("error").path("code").stringValue()).isEqualTo("malformed");
		client.send("{\"type\":\"unknown-kind\",\"idempotency_key\":\"4f5c3f5e-0000-4000-8000-000000000000\"}");
		JsonNode unknown = client.await("error");
		assertThat(unknown.path("code").stringValue()).isEqualTo("unknown_type");
		assertThat(unknown.path("message").stringValue()).isEqualTo("No handler for message type 'unknown-kind'");
		assertThat(unknown.path("idempotency_key").stringValue()).isEqualTo("4f5c3f5e-0000-4000-8000-000000000000");
		client.send(
				"{\"type\":\"user_message\",\"content\":5,\"idempotency_key\":\"4f5c3f5e-0000-4000-8000-000000000000\"}");
		assertThat(client.await("error").path("code").stringValue()).isEqualTo("invalid");
		client.send("{\"type\":\"user_message\",\"content\":\"x\"}");
		assertThat(client.await("error").path("message").stringValue()).contains("idempotency_key");
		client.send("{\"type\":\"resume\",\"lastEventId\":-1}");
		assertThat(client.await("error").path("message").stringValue()).contains("-1");
		client.send("{\"type\":\"ping\",\"t\":" + "[".repeat(1000) + "]".repeat(1000) + "}");
		assertThat(client.await("error").path("code").stringValue()).isEqualTo("malformed");
	}

	@Test
	void binaryAndInvalidUtf8CloseTheConnection() {
		try (RawWebSocketClient client = connect("ivan")) {
			client.next();
			client.sendBinary(new byte[] { 1, 2, 3 });
			assertThat(client.awaitClose()).isEqualTo(1003);
		}
		// again, because a container that has not quite ended a send closes without a
		// code
		await().until(this::closeCodeOfInvalidUtf8, (code) -> code == 1007);
	}

	private int closeCodeOfInvalidUtf8() {
		try (RawWebSocketClient client = connect("ivan")) {
			client.await("replay_complete");
			client.send(1, new byte[] { '"', (byte) 0xC3, (byte) 0x28, '"' });
			int code = client.awaitClose();
			assertThat(code).isIn(1006, 1007);
			return code;
		}
	}

	@ParameterizedTest
	@EnumSource
	void aSessionOfAnotherUserIsUnknown(Transport transport) {
		try (TestClient client = to(transport, "judy").connect()) {
			String session = client.next().path("session_id").stringValue();
			try (TestClient mallory = to(transport, "mallory").query("sessionId", session).connect()) {
				JsonNode init = mallory.next();
				assertThat(init.path("resumed").booleanValue()).isFalse();
				assertThat(init.path("reason").stringValue()).isEqualTo("unknown_session");
				assertThat(init.path("session_id").stringValue()).isNotEqualTo(session);
			}
			try (TestClient ahead = to(transport, "judy").query("sessionId", session)
				.query("lastEventId", 7)
				.connect()) {
				assertThat(ahead.next().path("reason").stringValue()).isEqualTo("ahead_of_log");
			}
		}
	}

	@ParameterizedTest
	@EnumSource
	void aClientIsNotifiedThatRequestedEventsWereRemoved(Transport transport) {
		String session;
		try (TestClient client = to(transport, "ken").connect()) {
			session = client.next().path("session_id").stringValue();
		}
		ResumableSessions sessions = this.server.bean(ResumableSessions.class);
		for (int i = 1; i <= 6; i++) {
			sessions.publish(UUID.fromString(session), "tick", Map.of("n", i));
		}
		JdbcClient sql = this.server.bean(JdbcClient.class);
		UUID id = UUID.fromString(session);
		sql.sql("delete from ws_events where session_id = ? and id <= 4").param(id).update();
		sql.sql("update ws_sessions set truncated_through = 4 where session_id = ?").param(id).update();
		try (TestClient client = to(transport, "ken").query("sessionId", session).query("lastEventId", 2).connect()) {
			JsonNode init = client.next();
			assertThat(init.path("resumed").booleanValue()).isFalse();
			assertThat(init.path("reason").stringValue()).isEqualTo("history_truncated");
			assertThat(init.path("session_id").stringValue()).isEqualTo(session);
			assertThat(init.path("earliest_event_id").intValue()).isEqualTo(5);
			assertThat(client.next().path("event_id").intValue()).isEqualTo(5);
			assertThat(client.next().path("event_id").intValue()).isEqualTo(6);
			assertThat(client.next().path("count").intValue()).isEqualTo(2);
		}
		try (TestClient client = to(transport, "ken").query("sessionId", session).query("lastEventId", 4).connect()) {
			assertThat(client.next().path("resumed").booleanValue()).isTrue();
		}
	}

	private TestClient.Builder to(Transport transport, String user) {
		return transport.to(this.server.uri()).query("token", Tokens.forUser(user));
	}

	private RawWebSocketClient connect(String user) {
		return to(user).connect();
	}

	private RawWebSocketClient.Builder to(String user) {
		return RawWebSocketClient.to(this.server.uri()).query("token", Tokens.forUser(user));
	}

	private static List<WsFrame> textFrames(RawWebSocketClient client) {
		return client.frames().stream().filter((frame) -> frame.opcode() == WsFrame.TEXT).toList();
	}

}
