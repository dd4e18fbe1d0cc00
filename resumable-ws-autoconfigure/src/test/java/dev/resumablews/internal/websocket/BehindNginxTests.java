package dev.resumablews.internal.websocket;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.admission.Connections;
import dev.resumablews.testing.HttpTestClient;
import dev.resumablews.testing.Nginx;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.Transport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests a server behind an nginx with default settings, which buffers responses, uses
 * HTTP/1.0 and drops upgrades.
 */
@TestInstance(Lifecycle.PER_CLASS)
class BehindNginxTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private TestServer server;

	private Nginx nginx;

	@BeforeAll
	void start() {
		Assumptions.assumeTrue(Nginx.isInstalled(), "nginx is not installed");
		this.server = TestServer.start("resumable-ws.connection.heartbeat-interval", "500ms",
				"resumable-ws.connection.heartbeat-timeout", "5s");
		this.nginx = Nginx.start(this.server.port());
	}

	@AfterAll
	void stop() {
		if (this.server != null) {
			this.nginx.close();
			this.server.close();
		}
	}

	@ParameterizedTest
	@EnumSource(mode = Mode.EXCLUDE, names = "WEBSOCKET")
	void eventsAndMessagesGetThrough(Transport transport) {
		try (TestClient client = to(transport, this.nginx.port()).connect()) {
			converse(client);
		}
	}

	@Test
	void webSocketsAreBlocked() {
		assertThat(to(Transport.WEBSOCKET, this.nginx.port()).connectRefused().status()).isEqualTo(400);
	}

	@ParameterizedTest
	@EnumSource
	void withTheHeadersOfAnUpgradeAllTransportsGetThrough(Transport transport) {
		try (TestClient client = to(transport, this.nginx.upgradingPort()).connect()) {
			converse(client);
		}
	}

	@Test
	void aClosedConnectionIsDetected() {
		try (HttpTestClient client = (HttpTestClient) to(Transport.SSE, this.nginx.port()).connect()) {
			client.await("replay_complete");
			await().atMost(PATIENCE).until(() -> client.comments() > 2);
			assertThat(this.server.bean(Connections.class).all()).isNotEmpty();
			client.abort();
			await().atMost(PATIENCE).until(() -> this.server.bean(Connections.class).all().isEmpty());
		}
	}

	private void converse(TestClient client) {
		String session = client.next().path("session_id").asString("");
		client.await("replay_complete");
		for (int i = 1; i <= 3; i++) {
			this.server.bean(ResumableSessions.class).publish(UUID.fromString(session), "tick", Map.of("n", i));
			// one after the other, so that a proxy that buffers events would fail the
			// test
			assertThat(client.await("tick").path("event_id").asInt()).isEqualTo(i);
		}
		String key = UUID.randomUUID().toString();
		client.send(Map.of("type", "user_message", "content", "hello", "idempotency_key", key));
		assertThat(client.await("ack").path("event_id").asInt()).isEqualTo(4);
		assertThat(client.await("user_message").path("payload").path("content").asString("")).isEqualTo("hello");
		if (client instanceof RawWebSocketClient webSocket) {
			webSocket.sendClose(1000);
		}
	}

	private TestClient.Builder to(Transport transport, int port) {
		return transport.to(URI.create("ws://localhost:" + port + "/ws"))
			.query("token", Tokens.forUser("alice"))
			.timeout(PATIENCE);
	}

}
