package dev.resumablews.internal.observability;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.HandshakeRejectedException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests the meters in the metrics endpoint of the actuator.
 */
class MetricsEndpointTests {

	private static final HttpClient http = HttpClient.newHttpClient();

	private static TestServer server;

	@BeforeAll
	static void start() {
		server = TestServer.start("management.endpoints.web.exposure.include", "metrics",
				"resumable-ws.cleanup.interval", "100ms");
	}

	@AfterAll
	static void stop() {
		server.close();
	}

	@Test
	void metersReflectWhatClientsDo() throws Exception {
		UUID session;
		try (ResumableWsTestClient client = to("alice").connect()) {
			session = client.sessionId();
			client.await("replay_complete");
			await().until(() -> value("resumable.ws.connections") == 1);
			assertThat(value("resumable.ws.connections.opened", "resumed:false")).isEqualTo(1);
			server.bean(ResumableSessions.class).publish(session, "tick", Map.of("n", 1));
			client.await("tick");
			await().until(() -> value("resumable.ws.events.sent", "source:memory") == 1);
			assertThat(value("resumable.ws.log.batches")).isEqualTo(1);
			assertThat(statistic("resumable.ws.log.batch.size", "TOTAL")).isEqualTo(1);
		}
		await().until(() -> value("resumable.ws.connections") == 0);
		assertThat(value("resumable.ws.connections.closed", "code:1000")).isEqualTo(1);
		try (ResumableWsTestClient client = to("alice").session(session).connect()) {
			client.await("replay_complete");
			await().until(() -> value("resumable.ws.events.sent", "source:log") == 1);
			assertThat(value("resumable.ws.connections.opened", "resumed:true")).isEqualTo(1);
		}
		assertThatExceptionOfType(HandshakeRejectedException.class)
			.isThrownBy(ResumableWsTestClient.builder(server.uri()).token("nonsense")::connect);
		await().until(() -> value("resumable.ws.handshakes.refused", "status:401") == 1);
	}

	@Test
	void metersForAlertsExistFromTheStart() throws Exception {
		assertThat(value("resumable.ws.log.refused")).isZero();
		assertThat(value("resumable.ws.connections")).isNotNegative();
	}

	private static ResumableWsTestClientBuilder to(String user) {
		return ResumableWsTestClient.builder(server.uri()).tokens(Tokens.ISSUER).user(user);
	}

	private static double value(String name, String... tags) throws IOException, InterruptedException {
		JsonNode metric = metric(name, tags);
		return metric.path("measurements").path(0).path("value").asDouble(-1);
	}

	private static double statistic(String name, String statistic) throws IOException, InterruptedException {
		for (JsonNode measurement : metric(name).path("measurements")) {
			if (measurement.path("statistic").asString("").equals(statistic)) {
				return measurement.path("value").asDouble(-1);
			}
		}
		return -1;
	}

	private static JsonNode metric(String name, String... tags) throws IOException, InterruptedException {
		String query = (tags.length == 0) ? "" : "?tag=" + String.join("&tag=", tags);
		HttpResponse<String> response = http.send(HttpRequest
			.newBuilder(URI.create("http://localhost:" + server.port() + "/actuator/metrics/" + name + query))
			.build(), HttpResponse.BodyHandlers.ofString());
		return JsonMapper.shared().readTree((response.statusCode() == 200) ? response.body() : "{}");
	}

}
