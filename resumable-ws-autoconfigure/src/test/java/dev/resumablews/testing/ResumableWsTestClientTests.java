package dev.resumablews.testing;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

import dev.resumablews.test.client.Close;
import dev.resumablews.test.client.HandshakeRejectedException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import jakarta.websocket.Session;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static dev.resumablews.test.client.ResumableWsAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link ResumableWsTestClient}, against a small server with one session.
 */
class ResumableWsTestClientTests {

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private static final UUID SESSION = UUID.randomUUID();

	private final List<Map<String, Object>> log = new ArrayList<>();

	private final List<Session> sessions = new ArrayList<>();

	private final Map<String, Integer> received = new LinkedHashMap<>();

	private boolean ignoring;

	private WsTestServer server;

	private ChaosProxy proxy;

	@BeforeEach
	void start() throws Exception {
		this.server = new WsTestServer(this::opened, this::received);
		this.proxy = ChaosProxy.to(this.server.port());
	}

	@AfterEach
	void stop() throws Exception {
		this.proxy.close();
		this.server.close();
	}

	@Test
	void aReplyArrivesCompletelyAcrossRepeatedResets() {
		this.proxy.cutRandomly(new Random(42), 1000, 6000);
		try (ResumableWsTestClient client = builder().start()) {
			assertThat(client.sessionId()).isEqualTo(SESSION);
			UUID key = client.say("Hi");
			client.awaitAck(key);
			append("assistant_started", Map.of("message_id", "m", "in_reply_to", 1));
			StringBuilder text = new StringBuilder();
			for (int i = 0; i < 500; i++) {
				append("assistant_delta",
						Map.of("message_id", "m", "offset", text.length(), "content", "piece " + i + "; "));
				text.append("piece ").append(i).append("; ");
			}
			append("assistant_message", Map.of("message_id", "m", "content", text.toString()));
			await().until(() -> client.reconnects() > 3);
			this.proxy.stopCutting();
			assertThat(client.awaitWholeReply(key)).isEqualTo(text.toString());
			assertThat(client.events()).hasSize(503);
			assertThat(client.violations()).isEmpty();
			assertThat(client.resets()).isEmpty();
			assertThat(client.closes()).extracting(Close::code).containsOnly(Close.NO_CLOSE_FRAME);
		}
	}

	@Test
	void aMessageIsSentAgainOnANewConnectionUntilItIsAcknowledged() {
		this.ignoring = true;
		try (ResumableWsTestClient client = builder().start()) {
			UUID key = client.say("Hi");
			await().untilAsserted(() -> assertThat(timesReceived(key)).isOne());
			client.disconnect();
			await().untilAsserted(() -> assertThat(timesReceived(key)).isEqualTo(2));
			assertThat(client.unacknowledged()).containsExactly(key);
			synchronized (this) {
				this.ignoring = false;
			}
			client.disconnect();
			client.awaitAck(key);
			assertThat(timesReceived(key)).isEqualTo(3);
			assertThat(client.reconnects()).isEqualTo(2);
			assertThat(client.violations()).isEmpty();
		}
	}

	@Test
	void theClientRetriesUntilTheServerAcceptsConnections() {
		this.proxy.refuse();
		try (ResumableWsTestClient client = builder().start()) {
			await().until(() -> this.proxy.refusals() > 1);
			this.proxy.acceptAgain();
			client.awaitReplayComplete();
			assertThat(client.reconnects()).isZero();
		}
	}

	@Test
	void theClientDoesNotReconnectAfterATerminalCloseCode() {
		try (ResumableWsTestClient client = builder().start()) {
			client.awaitReplayComplete();
			synchronized (this) {
				this.sessions.forEach((session) -> WsTestServer.end(session, 4409, "superseded"));
			}
			await().until(() -> client.gaveUp() != null);
			assertThat(client.closes()).extracting(Close::code).containsExactly(4409);
			assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> client.awaitEventId(1))
				.withMessageContaining("4409");
		}
	}

	@Test
	void waitsTimeOut() {
		this.proxy.refuse();
		try (ResumableWsTestClient client = builder().timeout(Duration.ofMillis(200)).start()) {
			assertThatExceptionOfType(AssertionError.class).isThrownBy(client::sessionId)
				.withMessageContaining("session_init");
			await().until(() -> client.gaveUp() != null);
		}
	}

	@Test
	void aClientThatResumesReceivesWhatItMissed() {
		try (ResumableWsTestClient client = builder().connect()) {
			UUID key = client.say("Hi");
			assertThat(client.awaitAck(key)).isAck().forKey(key).hasEventId(1);
			client.awaitEvent("user_message");
			client.disconnect();
			append("order_shipped", Map.of("order", 7));
			assertThat(client.isConnected()).isFalse();
			client.resume();
			assertThat(client).received("order_shipped")
				.isEvent("order_shipped")
				.isReplay()
				.hasPayload(Map.of("order", 7));
			assertThat(client.events()).extracting(ServerFrame.Event::eventId).containsExactly(1L, 2L);
			assertThat(client).hasNoGaps().hasNotReceived("order_paid");
		}
	}

	@Test
	void eventsBeforeTheInitialCursorAreNotGaps() {
		for (int i = 1; i <= 3; i++) {
			append("tick", Map.of("n", i));
		}
		try (ResumableWsTestClient client = builder().session(SESSION, 2).connect()) {
			client.awaitReplayComplete();
			assertThat(client.lastEventId()).isEqualTo(3);
			assertThat(client).hasNoGaps();
		}
	}

	@Test
	void aMissingEventIsAGap() {
		append("tick", Map.of("n", 1));
		try (ResumableWsTestClient client = builder().connect()) {
			client.awaitEvent("tick");
			synchronized (this) {
				this.sessions.forEach((session) -> send(session, Map.of("type", "tick", "event_id", 3, "payload",
						Map.of("n", 3), "created_at", "2026-01-01T00:00:00Z")));
			}
			client.awaitEventId(3);
			assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> assertThat(client).hasNoGaps())
				.withMessageContaining("events 2 to 2 are missing");
		}
	}

	@Test
	void aFailedAssertionShowsWhatWasReceived() {
		append("tick", Map.of("n", 1));
		try (ResumableWsTestClient client = builder().timeout(Duration.ofMillis(500)).connect()) {
			assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> client.awaitEvent("order_paid"))
				.withMessageContaining("order_paid")
				.withMessageContaining("{\"n\":1}");
			ServerFrame tick = client.awaitEvent("tick");
			assertThatExceptionOfType(AssertionError.class)
				.isThrownBy(() -> assertThat(tick).hasPayload(Map.of("n", 2)))
				.withMessageContaining("{\"n\":2}");
			assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> assertThat(tick).isAck());
		}
	}

	@Test
	void aWaitEndsWithTheConnection() {
		try (ResumableWsTestClient client = builder().connect()) {
			synchronized (this) {
				this.sessions.forEach((session) -> WsTestServer.end(session, 4401, "unauthorized"));
			}
			assertThat(client).closedWith(4401);
			assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> client.awaitEvent("tick"))
				.withMessageContaining("unauthorized");
		}
	}

	@Test
	void aRejectedHandshakeHasAStatus() {
		assertThatExceptionOfType(HandshakeRejectedException.class)
			.isThrownBy(
					() -> builder().uri(URI.create("ws://localhost:" + this.server.port() + "/elsewhere")).connect())
			.satisfies((refused) -> assertThat(refused.status()).isEqualTo(404));
	}

	private ResumableWsTestClientBuilder builder() {
		return ResumableWsTestClient.builder(this.proxy.port());
	}

	private synchronized int timesReceived(UUID key) {
		return this.received.getOrDefault(key.toString(), 0);
	}

	private synchronized void opened(Session session, Map<String, List<String>> query) {
		long last = Long.parseLong(query.getOrDefault("lastEventId", List.of("0")).get(0));
		int head = this.log.size();
		send(session, Map.of("type", "session_init", "session_id", SESSION, "resumed", query.containsKey("sessionId"),
				"last_event_id", head, "earliest_event_id", 1));
		for (Map<String, Object> event : this.log.subList((int) last, head)) {
			Map<String, Object> replayed = new LinkedHashMap<>(event);
			replayed.put("replay", true);
			send(session, replayed);
		}
		send(session, Map.of("type", "replay_complete", "last_event_id", head, "count", head - last));
		this.sessions.add(session);
	}

	private synchronized void received(Session session, String text) {
		JsonNode message = JSON.readTree(text);
		String key = message.path("idempotency_key").asString();
		boolean first = this.received.merge(key, 1, Integer::sum) == 1;
		if (!this.ignoring) {
			if (first || this.log.isEmpty()) {
				append("user_message", Map.of("content", message.path("content").asString(), "idempotency_key", key));
			}
			send(session, Map.of("type", "ack", "idempotency_key", key, "event_id", 1));
		}
	}

	private synchronized void append(String type, Map<String, Object> payload) {
		Map<String, Object> event = Map.of("type", type, "event_id", this.log.size() + 1, "payload", payload,
				"created_at", "2026-01-01T00:00:00Z");
		this.log.add(event);
		this.sessions.removeIf((session) -> !session.isOpen());
		this.sessions.forEach((session) -> send(session, event));
	}

	private static void send(Session session, Map<String, ?> message) {
		WsTestServer.send(session, JSON.writeValueAsString(message));
	}

}
