package dev.resumablews.testing;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

import jakarta.websocket.Session;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests of {@link ReplayingClient}, against a small server that has one session.
 */
class ReplayingClientTests {

	private static final JsonMapper JSON = JsonMapper.builder().build();

	private final List<Map<String, Object>> log = new ArrayList<>();

	private final List<Session> sessions = new ArrayList<>();

	private final Map<String, Integer> received = new LinkedHashMap<>();

	private boolean deaf;

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
	void aReplyArrivesWholeThroughAConnectionThatIsCutAgainAndAgain() {
		this.proxy.cutRandomly(new Random(42), 1000, 6000);
		try (ReplayingClient client = connect()) {
			assertThat(client.sessionId()).isEqualTo("s");
			String key = client.say("Hi");
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
			this.proxy.cutNoMore();
			assertThat(client.awaitWholeReply(key)).isEqualTo(text.toString());
			assertThat(client.events()).hasSize(503);
			assertThat(client.violations()).isEmpty();
			assertThat(client.resets()).isEmpty();
			assertThat(client.closeCodes()).containsOnly(WsTestClient.NO_CLOSE_FRAME);
		}
	}

	@Test
	void aMessageIsSentAgainOnANewConnectionUntilItIsAcknowledged() {
		this.deaf = true;
		try (ReplayingClient client = connect()) {
			String key = client.say("Hi");
			await().untilAsserted(() -> assertThat(timesReceived(key)).isOne());
			client.cut();
			await().untilAsserted(() -> assertThat(timesReceived(key)).isEqualTo(2));
			assertThat(client.unacknowledged()).isOne();
			synchronized (this) {
				this.deaf = false;
			}
			client.cut();
			client.awaitAck(key);
			assertThat(timesReceived(key)).isEqualTo(3);
			assertThat(client.reconnects()).isEqualTo(2);
			assertThat(client.violations()).isEmpty();
		}
	}

	@Test
	void aServerThatIsAwayIsAwaited() {
		this.proxy.refuse();
		try (ReplayingClient client = connect()) {
			await().until(() -> this.proxy.refusals() > 1);
			this.proxy.acceptAgain();
			client.awaitReplayComplete();
			assertThat(client.reconnects()).isZero();
		}
	}

	@Test
	void aFinalCloseCodeIsFinal() {
		try (ReplayingClient client = connect()) {
			client.awaitReplayComplete();
			synchronized (this) {
				this.sessions.forEach((session) -> WsTestServer.end(session, 4409, "superseded"));
			}
			await().until(() -> client.gaveUp() != null);
			assertThat(client.closeCodes()).containsExactly(4409);
			assertThatExceptionOfType(AssertionError.class).isThrownBy(() -> client.awaitEventId(1))
				.withMessageContaining("4409");
		}
	}

	@Test
	void waitingIsBounded() {
		this.proxy.refuse();
		try (ReplayingClient client = ReplayingClient.start(() -> WsTestClient.to(this.proxy.port(), "/ws"),
				Duration.ofMillis(200))) {
			assertThatExceptionOfType(AssertionError.class).isThrownBy(client::sessionId)
				.withMessageContaining("a session");
			await().until(() -> client.gaveUp() != null);
		}
	}

	private ReplayingClient connect() {
		return ReplayingClient.start(() -> WsTestClient.to(this.proxy.port(), "/ws"));
	}

	private synchronized int timesReceived(String key) {
		return this.received.getOrDefault(key, 0);
	}

	private synchronized void opened(Session session, Map<String, List<String>> query) {
		long last = Long.parseLong(query.getOrDefault("lastEventId", List.of("0")).get(0));
		int head = this.log.size();
		say(session, Map.of("type", "session_init", "session_id", "s", "resumed", query.containsKey("sessionId"),
				"last_event_id", head, "earliest_event_id", 1));
		for (Map<String, Object> event : this.log.subList((int) last, head)) {
			Map<String, Object> replayed = new LinkedHashMap<>(event);
			replayed.put("replay", true);
			say(session, replayed);
		}
		say(session, Map.of("type", "replay_complete", "last_event_id", head, "count", head - last));
		this.sessions.add(session);
	}

	private synchronized void received(Session session, String text) {
		JsonNode message = JSON.readTree(text);
		String key = message.path("idempotency_key").asString();
		boolean first = this.received.merge(key, 1, Integer::sum) == 1;
		if (!this.deaf) {
			if (first || this.log.isEmpty()) {
				append("user_message", Map.of("content", message.path("content").asString(), "idempotency_key", key));
			}
			say(session, Map.of("type", "ack", "idempotency_key", key, "event_id", 1));
		}
	}

	private synchronized void append(String type, Map<String, Object> payload) {
		Map<String, Object> event = Map.of("type", type, "event_id", this.log.size() + 1, "payload", payload,
				"created_at", "2026-01-01T00:00:00Z");
		this.log.add(event);
		this.sessions.removeIf((session) -> !session.isOpen());
		this.sessions.forEach((session) -> say(session, event));
	}

	private static void say(Session session, Map<String, ?> message) {
		WsTestServer.say(session, JSON.writeValueAsString(message));
	}

}
