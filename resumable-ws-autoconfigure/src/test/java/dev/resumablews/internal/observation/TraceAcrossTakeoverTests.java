package dev.resumablews.internal.observation;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

import dev.resumablews.internal.node.NodeNotifier;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiStub;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.sdk.trace.data.SpanData;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the trace of a message whose reply begins on one node and ends on another one,
 * after the first node has stalled for longer than its lease.
 */
class TraceAcrossTakeoverTests {

	private static final JsonMapper JSON = JsonMapper.shared();

	private static final Pattern DOCUMENTED = Pattern.compile("```json\\n(\\[.*?])\\n```", Pattern.DOTALL);

	private final OpenAiStub stalling = OpenAiStub.start();

	private final OpenAiStub answering = OpenAiStub.start();

	private TestServer first;

	private TestServer second;

	@BeforeEach
	void start() {
		String database = TestPostgres.createDatabase();
		this.stalling.answer(OpenAiAnswer.ofPieces(10).stallingAfter(2));
		this.answering.answer(OpenAiAnswer.of("Hel", "lo"));
		this.first = start(database, "node-1", this.stalling);
		this.second = start(database, "node-2", this.answering);
	}

	@AfterEach
	void stop() {
		this.first.close();
		this.second.close();
		this.stalling.close();
		this.answering.close();
	}

	@Test
	void theMessageAndBothAttemptsShareTheDocumentedTrace() throws IOException {
		try (ResumableWsTestClient client = ResumableWsTestClient.builder(this.first.uri())
			.tokens(Tokens.ISSUER)
			.user("ada")
			.connect()) {
			UUID session = client.sessionId();
			client.await("replay_complete");
			client.sendOnce(
					"{\"type\":\"user_message\",\"content\":\"Hi\",\"idempotency_key\":\"" + UUID.randomUUID() + "\"}");
			client.await("assistant_delta");
			takeOver(session);
			JsonNode message = client.awaitEvent("assistant_message").payload();
			assertThat(message.path("content").asString()).isEqualTo("Hello");
		}
		this.first.close();
		await().untilAsserted(() -> {
			assertThat(replies("node-1")).hasSize(1);
			assertThat(replies("node-2")).hasSize(1);
		});
		this.second.close();
		List<Map<String, Object>> trace = trace();
		Files.writeString(Path.of("target/trace.json"),
				trace.stream().map(JSON::writeValueAsString).collect(Collectors.joining(",\n\t", "[\n\t", "\n]\n")));
		List<String> shape = shape(JSON.valueToTree(trace));
		assertThat(shape).contains("node-1 message user_message < nothing: ok",
				"node-1 append client < message user_message: stored",
				"node-1 reply 1 < message user_message: abandoned", "node-2 reply 2 < message user_message: completed",
				"node-2 append reply < reply 2: stored");
		assertThat(shape).anyMatch((span) -> span.startsWith("node-2 chat "));
		assertThat(shape).containsExactlyElementsOf(shape(documented()));
	}

	@Test
	void aMessageOverHttpContinuesTheTraceOfItsRequest() throws Exception {
		String trace = "4bf92f3577b34da6a3ce929d0e0e4736";
		String token = Tokens.forUser("bob");
		try (ResumableWsTestClient client = ResumableWsTestClient.builder(this.second.uri()).token(token).connect()) {
			UUID session = client.sessionId();
			client.await("replay_complete");
			HttpResponse<String> answer = HttpClient.newHttpClient()
				.send(HttpRequest
					.newBuilder(URI
						.create("http://localhost:%d/ws/messages?sessionId=%s".formatted(this.second.port(), session)))
					.header("Authorization", "Bearer " + token)
					.header("Content-Type", "application/json")
					.header("traceparent", "00-" + trace + "-00f067aa0ba902b7-01")
					.POST(HttpRequest.BodyPublishers
						.ofString("{\"type\":\"user_message\",\"content\":\"Hi\",\"idempotency_key\":\""
								+ UUID.randomUUID() + "\"}"))
					.build(), HttpResponse.BodyHandlers.ofString());
			assertThat(answer.statusCode()).isEqualTo(200);
			client.await("assistant_message");
		}
		await().untilAsserted(
				() -> assertThat(TestTracing.spansOf("node-2")).filteredOn((span) -> span.getTraceId().equals(trace))
					.extracting(SpanData::getName)
					.contains("message user_message", "append client", "reply"));
	}

	private void takeOver(UUID session) {
		this.first.bean(JdbcClient.class)
			.sql("update ws_replies set lease_until = now() - interval '1 second' where session_id = ?")
			.param(session)
			.update();
		this.first.bean(NodeNotifier.class).notifyOthers();
	}

	private static List<SpanData> replies(String node) {
		return TestTracing.spansOf(node).stream().filter((span) -> span.getName().equals("reply")).toList();
	}

	/**
	 * Returns all spans of the trace of the message, in the order of a trace viewer.
	 */
	private static List<Map<String, Object>> trace() {
		SpanData root = TestTracing.spansOf("node-1")
			.stream()
			.filter((span) -> span.getName().equals("message user_message"))
			.findFirst()
			.orElseThrow();
		return Stream.of("node-1", "node-2")
			.flatMap((node) -> TestTracing.spansOf(node)
				.stream()
				.filter((span) -> span.getTraceId().equals(root.getTraceId()))
				.sorted(Comparator.comparingLong(SpanData::getStartEpochNanos))
				.map((span) -> json(node, span)))
			.toList();
	}

	private static Map<String, Object> json(String node, SpanData span) {
		Map<String, Object> attributes = new TreeMap<>();
		span.getAttributes().forEach((key, value) -> {
			if (!key.getKey().startsWith("gen_ai.") && !key.getKey().startsWith("spring.ai.")) {
				attributes.put(key.getKey(), value);
			}
		});
		Map<String, Object> json = new LinkedHashMap<>();
		json.put("traceId", span.getTraceId());
		json.put("spanId", span.getSpanId());
		json.put("parentSpanId", SpanId.isValid(span.getParentSpanId()) ? span.getParentSpanId() : null);
		json.put("node", node);
		json.put("name", span.getName());
		json.put("kind", span.getKind().name());
		json.put("attributes", attributes);
		return json;
	}

	private static JsonNode documented() throws IOException {
		Matcher documented = DOCUMENTED.matcher(Files.readString(Path.of("../docs/tracing.md")));
		assertThat(documented.find()).as("a trace in docs/tracing.md").isTrue();
		return JSON.readTree(documented.group(1));
	}

	/**
	 * Returns a line for each span, without the values that differ between runs.
	 */
	private static List<String> shape(JsonNode spans) {
		Map<String, String> names = new HashMap<>();
		spans.forEach((span) -> names.put(span.path("spanId").asString(), name(span)));
		assertThat(StreamSupport.stream(spans.spliterator(), false).map((span) -> span.path("traceId").asString()))
			.containsOnly(spans.path(0).path("traceId").asString());
		return StreamSupport.stream(spans.spliterator(), false)
			.map((span) -> "%s %s < %s: %s".formatted(span.path("node").asString(), name(span),
					names.getOrDefault(span.path("parentSpanId").asString(""), "nothing"),
					span.path("attributes").path("outcome").asString("")))
			.sorted()
			.toList();
	}

	private static String name(JsonNode span) {
		String attempt = span.path("attributes").path("resumable-ws.attempt").asString("");
		return (span.path("name").asString() + " " + attempt).strip();
	}

	private static TestServer start(String database, String node, OpenAiStub model) {
		return TestServer.builder()
			.database(database)
			.with(TestTracing.class)
			.model(model)
			.properties("test.node", node, "resumable-ws.reply.lease", "5m", "resumable-ws.cluster.backstop-interval",
					"1h", "resumable-ws.shutdown.reply-grace", "0s")
			.start();
	}

}
