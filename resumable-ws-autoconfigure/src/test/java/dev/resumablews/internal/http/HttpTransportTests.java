package dev.resumablews.internal.http;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;

import dev.resumablews.ResumableSessions;
import dev.resumablews.testing.HttpResponse;
import dev.resumablews.testing.HttpTestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests server-sent events, long polls and message requests on the wire.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class HttpTransportTests {

	private static final JsonMapper JSON = JsonMapper.shared();

	private final boolean jetty;

	private TestServer server;

	HttpTransportTests(boolean jetty) {
		this.jetty = jetty;
	}

	@BeforeAll
	void start() {
		this.server = TestServer.builder()
			.jetty(this.jetty)
			.properties("server.compression.enabled", "true", "server.compression.min-response-size", "1B")
			.start();
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@Test
	void eventsHaveTheirIdsAndControlMessagesHaveNone() {
		try (HttpTestClient client = sse("alice").connect()) {
			String session = client.next().path("session_id").asString("");
			assertThat(client.responseHeader("Content-Type")).isEqualTo("text/event-stream");
			assertThat(client.responseHeader("Cache-Control")).isEqualTo("no-store, no-transform");
			assertThat(client.responseHeader("X-Accel-Buffering")).isEqualTo("no");
			client.await("replay_complete");
			publish(session, 1);
			client.await("tick");
			List<String> lines = client.lines();
			assertThat(lines.get(0)).matches("retry: [0-9]{4}");
			assertThat(lines.get(1)).startsWith("data: {\"type\":\"session_init\"");
			assertThat(lines.get(2)).startsWith("data: {\"type\":\"replay_complete\"");
			assertThat(lines.get(3)).isEqualTo("id: 1");
			assertThat(lines.get(4)).startsWith("data: {\"type\":\"tick\",\"event_id\":1,");
			assertThat(lines).hasSize(5);
		}
	}

	@Test
	void theLastEventIdHeaderTakesPrecedenceOverTheUrl() {
		String session = session("bob");
		for (int i = 1; i <= 5; i++) {
			publish(session, i);
		}
		try (HttpTestClient client = sse("bob").query("sessionId", session)
			.query("lastEventId", 1)
			.header("Last-Event-ID", "3")
			.connect()) {
			assertThat(client.next().path("resumed").asBoolean()).isTrue();
			assertThat(client.next().path("event_id").asInt()).isEqualTo(4);
		}
	}

	@Test
	void aClosedSessionEndsTheStreamWithACloseMessage() {
		try (HttpTestClient client = sse("carol").connect()) {
			String session = client.next().path("session_id").asString("");
			publish(session, 1);
			client.await("tick");
			this.server.bean(ResumableSessions.class).close(UUID.fromString(session));
			assertThat(client.awaitClose()).isEqualTo(1000);
			assertThat(client.lines()).last().isEqualTo("data: {\"type\":\"close\",\"code\":1000,\"reason\":\"done\"}");
		}
	}

	@Test
	void aPollWithoutAWaitReturnsTheStoredEvents() {
		String session = session("dave");
		publish(session, 1);
		publish(session, 2);
		String body = get("dave", "wait=0&lastEventId=1&sessionId=" + session).body();
		assertThat(body.lines().filter((line) -> !line.isEmpty()).skip(1)).satisfiesExactly(
				(line) -> assertThat(line).startsWith("data: {\"type\":\"session_init\""),
				(line) -> assertThat(line).isEqualTo("id: 2"),
				(line) -> assertThat(line).startsWith("data: {\"type\":\"tick\""),
				(line) -> assertThat(line).startsWith("data: {\"type\":\"replay_complete\""));
	}

	@Test
	void messagesAreAnsweredInOrder() {
		String session = session("erin");
		String key = UUID.randomUUID().toString();
		HttpResponse response = post("erin", session, "[" + userMessage(key, "one") + ",{\"type\":\"ping\",\"t\":7},"
				+ "{\"type\":\"cancel\"},{\"type\":\"auth\",\"token\":\"x\"}," + userMessage(key, "one") + "]");
		assertThat(response.status()).isEqualTo(200);
		assertThat(response.header("Content-Type")).isEqualTo("application/json");
		JsonNode answers = JSON.readTree(response.body());
		assertThat(answers).hasSize(5);
		assertThat(answers.get(0).path("type").asString("")).isEqualTo("ack");
		assertThat(answers.get(0).path("event_id").asInt()).isEqualTo(1);
		assertThat(answers.get(1).toString()).isEqualTo("{\"type\":\"pong\",\"t\":7}");
		assertThat(answers.get(2).isNull()).isTrue();
		assertThat(answers.get(3).path("code").asString("")).isEqualTo("invalid");
		assertThat(answers.get(4).path("event_id").asInt()).isEqualTo(1);
		assertThat(answers.get(4).path("duplicate").asBoolean()).isTrue();
	}

	@Test
	void aMessageWithoutAnAnswerHasAnEmptyResponse() {
		assertThat(post("frank", session("frank"), "{\"type\":\"cancel\"}").status()).isEqualTo(204);
	}

	/**
	 * Checks that a web server that compresses responses does not buffer events.
	 */
	@Test
	void compressionDoesNotDelayEvents() throws Exception {
		String session = session("heidi");
		HttpRequest request = HttpRequest
			.newBuilder(URI.create("http://localhost:" + this.server.port() + "/ws/sse?sessionId=" + session))
			.header("Authorization", "Bearer " + Tokens.forUser("heidi"))
			.header("Accept-Encoding", "gzip")
			.build();
		java.net.http.HttpResponse<InputStream> response = HttpClient.newHttpClient()
			.sendAsync(request, BodyHandlers.ofInputStream())
			.get(20, TimeUnit.SECONDS);
		boolean compressed = response.headers().firstValue("Content-Encoding").equals(Optional.of("gzip"));
		try (InputStream in = response.body()) {
			CompletableFuture<String> tick = CompletableFuture.supplyAsync(() -> firstLineWith("tick", in, compressed));
			publish(session, 1);
			assertThat(tick).succeedsWithin(20, TimeUnit.SECONDS).asString().startsWith("data: ");
		}
	}

	private static String firstLineWith(String text, InputStream in, boolean compressed) {
		try {
			InputStream plain = compressed ? new GZIPInputStream(in) : in;
			BufferedReader lines = new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8));
			String line = lines.readLine();
			while (line != null && !line.contains(text)) {
				line = lines.readLine();
			}
			return line;
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	@Test
	void aSessionOfAnotherUserIsUnknown() {
		HttpResponse response = post("mallory", session("grace"), "{\"type\":\"ping\"}");
		assertThat(response.status()).isEqualTo(404);
		assertThat(JSON.readTree(response.body()).path("code").asString("")).isEqualTo("unknown_session");
	}

	private HttpTestClient.Builder sse(String user) {
		return HttpTestClient.sse(this.server.uri()).query("token", Tokens.forUser(user));
	}

	private String session(String user) {
		try (HttpTestClient client = sse(user).connect()) {
			return client.next().path("session_id").asString("");
		}
	}

	private void publish(String session, int n) {
		this.server.bean(ResumableSessions.class).publish(UUID.fromString(session), "tick", Map.of("n", n));
	}

	private HttpResponse get(String user, String query) {
		return HttpResponse.of(this.server.port(), "GET", "/ws/sse?" + query, bearer(user), null);
	}

	private HttpResponse post(String user, String session, String body) {
		Map<String, String> headers = bearer(user);
		headers.put("Content-Type", "application/json");
		return HttpResponse.of(this.server.port(), "POST", "/ws/messages?sessionId=" + session, headers, body);
	}

	private static Map<String, String> bearer(String user) {
		return new LinkedHashMap<>(Map.of("Authorization", "Bearer " + Tokens.forUser(user)));
	}

	private static String userMessage(String key, String content) {
		return "{\"type\":\"user_message\",\"idempotency_key\":\"" + key + "\",\"content\":\"" + content + "\"}";
	}

}
