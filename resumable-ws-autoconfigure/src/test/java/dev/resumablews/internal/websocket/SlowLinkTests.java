package dev.resumablews.internal.websocket;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.admission.Connections;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.RecordedCloses;
import dev.resumablews.testing.SlowLink;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.WsFrame;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests a client whose link is slow compared with the size of the network buffers.
 */
class SlowLinkTests {

	private static final Duration PATIENCE = Duration.ofSeconds(150);

	private static final int EVENTS = 40;

	private static final int BYTES_PER_SECOND = 1700;

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void aReplayArrivesInShortFrames(boolean jetty) {
		try (TestServer server = TestServer.builder()
			.jetty(jetty)
			.with(RecordedCloses.class)
			.properties("resumable-ws.connection.heartbeat-interval", "4s", "resumable-ws.connection.heartbeat-timeout",
					"10s", "resumable-ws.connection.send-timeout", "10s")
			.start(); SlowLink link = SlowLink.to(server.port(), BYTES_PER_SECOND)) {
			UUID session = sessionWithEvents(server);
			server.bean(RecordedCloses.class).clear();
			try (RawWebSocketClient client = RawWebSocketClient.to(link.port(), "/ws")
				.query("token", Tokens.forUser("ada"))
				.query("sessionId", session)
				.query("frames", "ndjson")
				.timeout(PATIENCE)
				.connect()) {
				JsonNode complete = client.await("replay_complete");
				assertThat(complete.path("count").asInt(0)).isEqualTo(EVENTS);
				assertThat(client.messages()).filteredOn((message) -> message.has("event_id"))
					.extracting((message) -> message.path("event_id").asInt(0))
					.hasSize(EVENTS)
					.isSorted();
				List<WsFrame> texts = client.frames()
					.stream()
					.filter((frame) -> frame.opcode() == WsFrame.TEXT)
					.toList();
				assertThat(texts).allSatisfy((frame) -> assertThat(frame.payload()).hasSizeLessThan(6000));
				client.send("{\"type\":\"ping\",\"t\":7}");
				assertThat(client.await("pong").path("t").asInt(0)).isEqualTo(7);
				assertThat(server.bean(RecordedCloses.class).codes()).isEmpty();
			}
		}
	}

	/**
	 * Creates a session with events, from a client on a fast link.
	 */
	private static UUID sessionWithEvents(TestServer server) {
		Random random = new Random(1);
		try (RawWebSocketClient client = RawWebSocketClient.to(server.uri())
			.query("token", Tokens.forUser("ada"))
			.connect()) {
			UUID session = UUID.fromString(client.await("session_init").path("session_id").asString());
			for (int i = 1; i <= EVENTS; i++) {
				server.bean(ResumableSessions.class).publish(session, "tick", Map.of("text", incompressible(random)));
			}
			client.sendClose(1000);
			client.awaitClose();
			await().atMost(PATIENCE).until(() -> server.bean(Connections.class).all().isEmpty());
			return session;
		}
	}

	private static String incompressible(Random random) {
		byte[] text = new byte[2000];
		for (int i = 0; i < text.length; i++) {
			text[i] = (byte) ('!' + random.nextInt(90));
		}
		return new String(text, StandardCharsets.US_ASCII).replace('\\', 'a').replace('"', 'b');
	}

}
