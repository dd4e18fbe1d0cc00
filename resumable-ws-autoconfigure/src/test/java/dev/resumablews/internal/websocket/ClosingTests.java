package dev.resumablews.internal.websocket;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.admission.Connections;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.RecordedCloses;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;

import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests many clients that vanish in the middle of a frame, as in an outage of their
 * network.
 */
class ClosingTests {

	private static final Duration PATIENCE = Duration.ofSeconds(120);

	/**
	 * So many that cutting all of them one after the other would take several times the
	 * patience of the client that reads.
	 */
	private static final int STUCK = 80;

	@Test
	void aClientThatReadsIsClosedWithoutWaitingForThoseThatDoNot() {
		try (TestServer server = TestServer.builder()
			.with(SmallBuffers.class)
			.with(RecordedCloses.class)
			.properties("resumable-ws.connection.send-timeout", "1s", "resumable-ws.connection.heartbeat-interval",
					"300ms", "resumable-ws.connection.heartbeat-timeout", "10s",
					"resumable-ws.connection.max-per-session", "1000")
			.start(); RawWebSocketClient good = to(server, "good").timeout(Duration.ofSeconds(10)).connect()) {
			UUID goodSession = session(good);
			List<RawWebSocketClient> stuck = new ArrayList<>();
			stuck.add(to(server, "stuck").connect());
			UUID session = session(stuck.get(0));
			while (stuck.size() < STUCK) {
				stuck.add(to(server, "stuck").query("sessionId", session).connect());
			}
			for (RawWebSocketClient client : stuck) {
				client.await("replay_complete");
				client.pauseReading();
			}
			server.bean(ResumableSessions.class).publish(session, "tick", Map.of("text", "x".repeat(24_000)));
			await().atMost(PATIENCE)
				.pollInterval(Duration.ofMillis(20))
				.until(() -> server.bean(Connections.class)
					.all()
					.stream()
					.anyMatch((connection) -> connection.closing() != null));
			// these clients are cut about a second later, which must not delay the close
			// of the client that reads
			await().atMost(PATIENCE)
				.pollInterval(Duration.ofMillis(10))
				.until(() -> server.bean(Connections.class).all().size() < STUCK);
			server.bean(ResumableSessions.class).close(goodSession);
			assertThat(good.awaitClose()).isEqualTo(1000);
			await().atMost(PATIENCE).until(() -> server.bean(Connections.class).all().isEmpty());
			await().untilAsserted(() -> assertThat(server.bean(RecordedCloses.class).codes()).hasSize(STUCK + 1)
				.containsOnlyOnce(1000)
				.containsOnly(1000, 1013));
			stuck.forEach(RawWebSocketClient::close);
		}
	}

	private static UUID session(RawWebSocketClient client) {
		return UUID.fromString(client.await("session_init").path("session_id").asString());
	}

	private static RawWebSocketClient.Builder to(TestServer server, String user) {
		return RawWebSocketClient.to(server.uri())
			.query("token", Tokens.forUser(user))
			.receiveBuffer(4096)
			.timeout(PATIENCE);
	}

	@Configuration(proxyBeanMethods = false)
	static class SmallBuffers {

		@Bean
		WebServerFactoryCustomizer<TomcatServletWebServerFactory> smallBuffers() {
			return (factory) -> factory
				.addConnectorCustomizers((connector) -> connector.setProperty("socket.txBufSize", "4096"));
		}

	}

}
