package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.WsTestClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import tools.jackson.databind.JsonNode;

import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Sessions that end while clients are connected, without a word to this node.
 */
@TestInstance(Lifecycle.PER_CLASS)
class EndedSessionTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private TestServer server;

	private JdbcClient jdbc;

	@BeforeAll
	void start() {
		this.server = TestServer.builder().properties("resumable-ws.cluster.backstop-interval", "1h").start();
		this.jdbc = this.server.bean(JdbcClient.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@Test
	void aClientWhoseSessionIsGoneReconnectsAndGetsAnotherOne() {
		try (WsTestClient client = to("ada").connect()) {
			UUID session = sessionWithAnEvent(client);
			this.jdbc.sql("delete from ws_events where session_id = ?").param(session).update();
			this.jdbc.sql("delete from ws_sessions where session_id = ?").param(session).update();
			client.send(message());
			assertThat(client.awaitClose()).isEqualTo(1012);
			try (WsTestClient again = to("ada").query("sessionId", session).query("lastEventId", 1).connect()) {
				JsonNode init = again.await("session_init");
				assertThat(init.path("reason").asString()).isEqualTo("unknown_session");
				again.send(message());
				again.await("ack");
			}
		}
	}

	@Test
	void aClientWhoseSessionWasClosedIsDone() {
		try (WsTestClient client = to("bob").connect()) {
			UUID session = sessionWithAnEvent(client);
			this.jdbc.sql("update ws_sessions set closed_at = now() where session_id = ?").param(session).update();
			client.send(message());
			assertThat(client.awaitClose()).isEqualTo(1000);
		}
	}

	private UUID sessionWithAnEvent(WsTestClient client) {
		UUID session = UUID.fromString(client.await("session_init").path("session_id").asString());
		this.server.bean(ResumableSessions.class).publish(session, "tick", Map.of("n", 1));
		client.await("tick");
		return session;
	}

	private WsTestClient.Builder to(String user) {
		return WsTestClient.to(this.server.uri()).query("token", Tokens.forUser(user)).patience(PATIENCE);
	}

	private static Map<String, String> message() {
		return Map.of("type", "user_message", "content", "Hello", "idempotency_key", UUID.randomUUID().toString());
	}

}
