package dev.resumablews.internal.http;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.admission.Connections;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests server-sent events and messages that share one HTTP/2 connection.
 */
class HttpTwoTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	@Test
	void eventsAndMessagesShareAConnection() throws Exception {
		try (TestServer server = TestServer.start("server.http2.enabled", "true",
				"resumable-ws.connection.heartbeat-interval", "500ms")) {
			HttpClient client = HttpClient.newBuilder().version(Version.HTTP_2).connectTimeout(PATIENCE).build();
			HttpResponse<InputStream> events = client
				.sendAsync(request(server, "/sse").build(), BodyHandlers.ofInputStream())
				.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
			assertThat(events.version()).isEqualTo(Version.HTTP_2);
			assertThat(events.statusCode()).isEqualTo(200);
			try (InputStream body = events.body()) {
				BufferedReader lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
				String session = next(lines, "session_init").path("session_id").asString("");
				HttpResponse<String> answer = client
					.sendAsync(
							request(server, "/messages?sessionId=" + session).header("Content-Type", "application/json")
								.POST(BodyPublishers.ofString("{\"type\":\"ping\",\"t\":1}"))
								.build(),
							BodyHandlers.ofString())
					.get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
				assertThat(answer.version()).isEqualTo(Version.HTTP_2);
				assertThat(answer.body()).isEqualTo("{\"type\":\"pong\",\"t\":1}");
				server.bean(ResumableSessions.class).publish(UUID.fromString(session), "tick", Map.of("n", 1));
				assertThat(next(lines, "tick").path("event_id").asInt()).isEqualTo(1);
			}
			await().atMost(PATIENCE).until(() -> server.bean(Connections.class).all().isEmpty());
		}
	}

	private static HttpRequest.Builder request(TestServer server, String target) {
		return HttpRequest.newBuilder(URI.create("http://localhost:" + server.port() + "/ws" + target))
			.timeout(PATIENCE)
			.header("Authorization", "Bearer " + Tokens.forUser("alice"));
	}

	private static JsonNode next(BufferedReader lines, String type) throws Exception {
		return CompletableFuture.supplyAsync(() -> {
			try {
				String line = lines.readLine();
				while (line != null && !line.startsWith("data: {\"type\":\"" + type + "\"")) {
					line = lines.readLine();
				}
				return JsonMapper.shared().readTree(String.valueOf(line).substring(6));
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}).get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
	}

}
