package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import org.springframework.jdbc.core.simple.JdbcClient;

import static dev.resumablews.test.client.ResumableWsAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests sessions that end while clients are connected, without a signal to their node.
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
	void aClientOfADeletedSessionReconnectsToANewSession() {
		try (ResumableWsTestClient client = to("ada").connect()) {
			UUID session = sessionWithAnEvent(client);
			this.jdbc.sql("delete from ws_events where session_id = ?").param(session).update();
			this.jdbc.sql("delete from ws_sessions where session_id = ?").param(session).update();
			client.say("Hello");
			assertThat(client).closedWith(1012);
			try (ResumableWsTestClient again = to("ada").session(session, 1).connect()) {
				assertThat(again.resets()).containsExactly("unknown_session");
				again.awaitAck(again.say("Hello"));
			}
		}
	}

	@Test
	void aClientOfAClosedSessionIsClosedNormally() {
		try (ResumableWsTestClient client = to("bob").connect()) {
			UUID session = sessionWithAnEvent(client);
			this.jdbc.sql("update ws_sessions set closed_at = now() where session_id = ?").param(session).update();
			client.say("Hello");
			assertThat(client).closedWith(1000);
		}
	}

	private UUID sessionWithAnEvent(ResumableWsTestClient client) {
		UUID session = client.sessionId();
		this.server.bean(ResumableSessions.class).publish(session, "tick", Map.of("n", 1));
		client.awaitEvent("tick");
		return session;
	}

	private ResumableWsTestClientBuilder to(String user) {
		return ResumableWsTestClient.builder(this.server.uri()).tokens(Tokens.ISSUER).user(user).timeout(PATIENCE);
	}

}
