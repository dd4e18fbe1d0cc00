package dev.resumablews.internal.connection;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the regular ends of connections and sessions.
 */
@TestInstance(Lifecycle.PER_CLASS)
class LifetimeTests {

	private TestServer server;

	@BeforeAll
	void start() {
		this.server = TestServer.start("resumable-ws.auth.jwt.clock-skew", "0s");
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@Test
	void aConnectionIsAskedToReconnectAtItsMaximumLifetime() {
		try (TestServer shortLived = TestServer.start("resumable-ws.connection.max-lifetime", "2s",
				"resumable-ws.connection.max-lifetime-jitter", "0", "resumable-ws.shutdown.reconnect-window", "700ms");
				ResumableWsTestClient client = ResumableWsTestClient.builder(shortLived.uri())
					.tokens(Tokens.ISSUER)
					.user("alice")
					.connect()) {
			UUID session = client.sessionId();
			long connected = System.nanoTime();
			JsonNode restarting = client.await("server_restarting").json();
			assertThat(Duration.ofNanos(System.nanoTime() - connected)).isGreaterThan(Duration.ofSeconds(1));
			assertThat(restarting.path("reconnect_after_ms").asInt(-1)).isBetween(0, 700);
			assertThat(client.awaitClose().code()).isEqualTo(1012);
			try (ResumableWsTestClient again = ResumableWsTestClient.builder(shortLived.uri())
				.tokens(Tokens.ISSUER)
				.user("alice")
				.session(session)
				.connect()) {
				assertThat(again.await(ServerFrame.SessionInit.class).isResumed()).isTrue();
			}
		}
	}

	@Test
	void aConnectionEndsWhenItsTokenExpires() {
		try (ResumableWsTestClient client = connect(Tokens.expiring("bob", Instant.now().plusSeconds(3)))) {
			assertThat(client.await("replay_complete")).isNotNull();
			assertThat(client.awaitClose().code()).isEqualTo(4401);
		}
	}

	@Test
	void aNewTokenExtendsTheConnection() {
		Instant first = Instant.now().plusSeconds(3);
		Instant second = Instant.now().plusSeconds(600);
		try (ResumableWsTestClient client = connect(Tokens.expiring("carol", first))) {
			client.sendOnce(Map.of("type", "auth", "token", Tokens.expiring("carol", second)));
			JsonNode ok = client.await("auth_ok").json();
			assertThat(Instant.parse(ok.path("expires_at").asString("")).getEpochSecond())
				.isEqualTo(second.getEpochSecond());
			await().atMost(Duration.ofSeconds(20)).until(() -> Instant.now().isAfter(first.plusSeconds(1)));
			client.sendOnce("{\"type\":\"ping\"}");
			assertThat(client.await("pong")).isNotNull();
		}
	}

	@Test
	void onlyAValidTokenOfTheSameUserExtendsTheConnection() {
		try (ResumableWsTestClient client = connect(Tokens.expiring("dave", Instant.now().plusSeconds(4)))) {
			for (String token : new String[] { Tokens.forUser("mallory"), Tokens.forged("dave"),
					Tokens.unsigned("dave"), Tokens.expiring("dave", Instant.now().minusSeconds(60)), "garbage" }) {
				client.sendOnce(Map.of("type", "auth", "token", token));
				JsonNode error = client.await("error").json();
				assertThat(error.path("code").asString("")).isEqualTo("unauthorized");
				assertThat(error.path("message").asString("")).isNotBlank().doesNotContain(token);
			}
			assertThat(client.awaitClose().code()).isEqualTo(4401);
		}
	}

	@Test
	void aClosedSessionEndsItsConnectionsAndCannotBeResumed() {
		String token = Tokens.forUser("erin");
		try (ResumableWsTestClient phone = connect(token)) {
			UUID session = phone.sessionId();
			try (ResumableWsTestClient laptop = ResumableWsTestClient.builder(this.server.uri())
				.token(token)
				.session(session)
				.connect(); ResumableWsTestClient other = connect(token)) {
				laptop.await("replay_complete");
				assertThat(this.server.bean(ResumableSessions.class).close(session)).isTrue();
				assertThat(phone.awaitClose().code()).isEqualTo(1000);
				assertThat(laptop.awaitClose().code()).isEqualTo(1000);
				other.sendOnce("{\"type\":\"ping\"}");
				assertThat(other.await("pong")).isNotNull();
			}
			try (ResumableWsTestClient again = ResumableWsTestClient.builder(this.server.uri())
				.token(token)
				.session(session)
				.connect()) {
				JsonNode init = again.await("session_init").json();
				assertThat(init.path("resumed").asBoolean(true)).isFalse();
				assertThat(init.path("reason").asString("")).isEqualTo("unknown_session");
				assertThat(init.path("session_id").asString("")).isNotEqualTo(session);
			}
		}
	}

	@Test
	void clientsOfAClosedSessionReceiveTheEventsStoredBefore() {
		ResumableSessions sessions = this.server.bean(ResumableSessions.class);
		try (ResumableWsTestClient client = connect(Tokens.forUser("frank"))) {
			UUID session = client.sessionId();
			for (int n = 1; n <= 300; n++) {
				sessions.publish(session, "tick", Map.of("n", n));
			}
			sessions.close(session);
			assertThat(client.awaitClose().code()).isEqualTo(1000);
			assertThat(client.frames()).filteredOn((message) -> message.type().equals("tick")).hasSize(300);
		}
	}

	private ResumableWsTestClient connect(String token) {
		return ResumableWsTestClient.builder(this.server.uri()).token(token).connect();
	}

}
