package dev.resumablews.internal.websocket;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.admission.Connections;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests a client that does not read for some seconds, as in a tunnel. This is within the
 * send timeout, and no time-out of the container is shorter.
 */
class StalledLinkTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	/**
	 * Several times as long as every time-out of the container.
	 */
	private static final Duration STALL = Duration.ofSeconds(4);

	@Test
	void aClientThatDoesNotReadForSomeSecondsStaysConnected() {
		try (TestServer server = TestServer.builder()
			.with(ClosingTests.SmallBuffers.class)
			.properties("resumable-ws.connection.heartbeat-interval", "300ms",
					"resumable-ws.connection.heartbeat-timeout", "30s")
			.start();
				RawWebSocketClient client = RawWebSocketClient.to(server.uri())
					.query("token", Tokens.forUser("alice"))
					.receiveBuffer(4096)
					.timeout(PATIENCE)
					.connect()) {
			UUID session = UUID.fromString(client.await("session_init").path("session_id").asString());
			client.await("replay_complete");
			await().atMost(PATIENCE).until(() -> client.pingsReceived() > 0);
			client.pauseReading();
			server.bean(ResumableSessions.class).publish(session, "tick", Map.of("text", "x".repeat(500_000)));
			// the container answers this ping when it can
			client.ping();
			await().atMost(PATIENCE).during(STALL).until(() -> server.bean(Connections.class).all().size() == 1);
			client.resumeReading();
			assertThat(client.await("tick").path("payload").path("text").asString()).hasSize(500_000);
			await().atMost(PATIENCE).until(() -> client.pongsReceived() == 1);
			int pings = client.pingsReceived();
			await().atMost(PATIENCE).until(() -> client.pingsReceived() > pings);
			assertThat(client.isOpen()).isTrue();
		}
	}

}
