package dev.resumablews.internal.operations;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageMapping;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.RealtimeUpstream;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the actuator endpoint of two nodes over HTTP.
 */
@ExtendWith(OutputCaptureExtension.class)
class EndpointTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final String SECRET = "what the user has said";

	private static final String HANDLER = GeneratorAndHandler.class.getName() + ".handle()";

	private static RealtimeUpstream upstream;

	private static TestServer first;

	private static TestServer second;

	@BeforeAll
	static void start() {
		upstream = RealtimeUpstream.start("a key of the upstream");
		String url = TestPostgres.createDatabase();
		first = start(url);
		second = start(url);
	}

	@AfterAll
	static void stop() {
		first.close();
		second.close();
		upstream.close();
	}

	@Test
	void theSummaryShowsThisNode() {
		try (ResumableWsTestClient client = connect(first, "alice", null)) {
			client.await("replay_complete");
			JsonNode summary = new Actuator(first).json("resumablews");
			assertThat(summary.path("node").path("path").asString()).isEqualTo("/ws");
			assertThat(summary.path("replies").path("answeredBy").asString()).isEqualTo("endless");
			assertThat(summary.path("node").path("schemaVersion").asString()).matches("\\d{3}-.+");
			assertThat(summary.path("connections").path("accepting").asBoolean()).isTrue();
			assertThat(summary.path("connections").path("connections").asInt()).isPositive();
			assertThat(summary.path("writers").size()).isEqualTo(2);
			assertThat(summary.path("signals").path("kind").asString()).isEqualTo("postgres");
			assertThat(summary.path("failing").isArray()).isTrue();
			assertThat(second.bean(NodeDescription.class).id()).isNotEqualTo(first.bean(NodeDescription.class).id());
		}
	}

	@Test
	void aSessionShowsItsConnectionsRepliesRelaysAndEventsWithoutPayloads() throws IOException {
		try (ResumableWsTestClient client = connect(first, "bob", null)) {
			UUID session = client.sessionId();
			try (ResumableWsTestClient other = connect(second, "bob", session)) {
				other.await("replay_complete");
				client.say(SECRET);
				client.await("assistant_started");
				client.sendOnce(Map.of("type", "relay.realtime", "payload", Map.of("type", "response.create", "n", 1),
						"idempotency_key", UUID.randomUUID()));
				client.await(ServerFrame.class, (message) -> message.json().toString().contains("response.done"));
				first.bean(ResumableSessions.class).publish(session, "tick", Map.of("secret", SECRET));
				long last = client.awaitEvent("tick").eventId();
				Actuator actuator = new Actuator(first);
				await().atMost(PATIENCE)
					.until(() -> actuator.json("resumablews/" + session).path("connectionsElsewhere").size() == 1);
				JsonNode view = actuator.json("resumablews/" + session);
				assertThat(view.path("session").path("userId").asString()).isEqualTo("bob");
				assertThat(view.path("session").path("lastEventId").asLong()).isGreaterThanOrEqualTo(last);
				assertThat(view.path("connections").path(0).path("cursor").asLong()).isGreaterThanOrEqualTo(last);
				assertThat(view.path("connections").path(0).path("transport").asString()).isEqualTo("WEBSOCKET");
				assertThat(view.path("connectionsElsewhere").path(0).path("node").asString())
					.isEqualTo(second.bean(NodeDescription.class).id().toString());
				assertThat(view.path("replies").path(0).path("state").asString()).isEqualTo("running");
				assertThat(view.path("replies").path(0).path("attempts").asInt()).isEqualTo(1);
				assertThat(view.path("relays").path(0).path("name").asString()).isEqualTo("realtime");
				assertThat(view.path("lastEvents").path(0).path("bytes").asLong()).isPositive();
				assertThat(view.toString()).doesNotContain(SECRET);
				assertThat(view.path("lastEvents").size()).isLessThanOrEqualTo(SessionInspector.MOST);
				await().atMost(PATIENCE)
					.until(() -> actuator.json("resumablews").path("signals").path("connected").asBoolean());
				JsonNode summary = actuator.json("resumablews");
				assertThat(summary.toString()).doesNotContain(SECRET).doesNotContain(Tokens.SECRET);
				Map<String, JsonNode> shown = Map.of("session", view, "summary", summary, "health", actuator.health());
				for (Map.Entry<String, JsonNode> each : shown.entrySet()) {
					write(each.getKey(), each.getValue());
				}
				for (Map.Entry<String, JsonNode> each : shown.entrySet()) {
					assertDocumented(each.getKey(), each.getValue());
				}
			}
		}
	}

	@Test
	void aSessionWithoutEventsIsShown() {
		try (ResumableWsTestClient client = connect(first, "carol", null)) {
			UUID session = client.sessionId();
			JsonNode view = new Actuator(first).json("resumablews/" + session);
			assertThat(view.path("session").path("userId").asString()).isEqualTo("carol");
			assertThat(view.path("lastEvents").size()).isZero();
		}
	}

	@Test
	void anUnknownSessionIsNotFound() {
		Actuator actuator = new Actuator(first);
		assertThat(actuator.get("resumablews/" + UUID.randomUUID()).statusCode()).isEqualTo(404);
		assertThat(actuator.get("resumablews/nonsense").statusCode()).isEqualTo(400);
	}

	@Test
	void theEndpointIsNotExposedByDefault() {
		try (TestServer server = TestServer.start()) {
			assertThat(new Actuator(server).get("resumablews").statusCode()).isEqualTo(404);
			assertThat(server.context().getBeanNamesForType(ResumableWsEndpoint.class)).isEmpty();
		}
	}

	@Test
	void theStartIsLoggedInOneLine(CapturedOutput output) {
		try (TestServer server = TestServer.start("resumable-ws.schema.name", "chat", "resumable-ws.path", "/live",
				"management.server.port", "0", "logging.level.dev.resumablews.internal.operations", "info")) {
			assertThat(server.isRunning()).isTrue();
			assertThat(output.getOut().lines().filter((line) -> line.contains("resumable-ws serves"))).singleElement()
				.asString()
				.matches(".*resumable-ws serves /live; signals: postgres; tables: schema chat, \\d{3}-.+;"
						+ " user messages: stored, not answered");
		}
	}

	@Test
	void theStartLogsAHandlerOfUserMessagesInsteadOfTheGenerator(CapturedOutput output) {
		try (TestServer server = TestServer.builder()
			.with(GeneratorAndHandler.class)
			.properties("management.endpoints.web.exposure.include", "resumablews",
					"logging.level.dev.resumablews.internal.operations", "info")
			.start()) {
			JsonNode summary = new Actuator(server).json("resumablews");
			assertThat(summary.path("replies").path("answeredBy").asString()).isEqualTo(HANDLER);
			assertThat(output.getOut().lines().filter((line) -> line.contains("resumable-ws serves"))).last()
				.asString()
				.endsWith("user messages: answered by " + HANDLER);
		}
	}

	/**
	 * Asserts that the documented JSON has the same keys as the actual one.
	 */
	private static void assertDocumented(String what, JsonNode actual) throws IOException {
		Matcher documented = Pattern.compile("<!-- %s -->\\s*```json\\n(.*?)```".formatted(what), Pattern.DOTALL)
			.matcher(Files.readString(Path.of("../docs/operations.md")));
		assertThat(documented.find()).as("documentation of " + what).isTrue();
		Set<String> shown = new TreeSet<>();
		keys("", JsonMapper.shared().readTree(documented.group(1)), shown);
		Set<String> real = new TreeSet<>();
		keys("", actual, real);
		assertThat(shown).as("compare with target/operations/" + what + ".json").isEqualTo(real);
	}

	/**
	 * Writes the JSON to show in the documentation.
	 */
	private static void write(String what, JsonNode actual) throws IOException {
		Path example = Files.createDirectories(Path.of("target", "operations")).resolve(what + ".json");
		JsonMapper mapper = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
		Files.writeString(example, mapper.writeValueAsString(actual));
	}

	private static void keys(String path, JsonNode node, Set<String> keys) {
		if (node.isObject()) {
			node.properties().forEach((entry) -> {
				keys.add(path + "." + entry.getKey());
				keys(path + "." + entry.getKey(), entry.getValue(), keys);
			});
		}
		node.values().stream().filter((each) -> node.isArray()).forEach((each) -> keys(path + "[]", each, keys));
	}

	private static ResumableWsTestClient connect(TestServer server, String user, UUID session) {
		ResumableWsTestClientBuilder builder = ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user(user);
		return ((session != null) ? builder.session(session) : builder).connect();
	}

	private static TestServer start(String url) {
		return TestServer.builder()
			.database(url)
			.with(Generator.class)
			.properties(Actuator.EXPOSED)
			.properties("resumable-ws.relay.realtime.uri", upstream.uri().toString(),
					"resumable-ws.relay.realtime.headers.Authorization", "Bearer a key of the upstream",
					"resumable-ws.relay.realtime.durable-types", "response.done")
			.start();
	}

	@Configuration(proxyBeanMethods = false)
	static class Generator {

		@Bean
		ReplyGenerator endless() {
			return (request) -> Flux.never();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class GeneratorAndHandler extends Generator {

		@ClientMessageMapping("user_message")
		void handle(ClientMessage message) {
		}

	}

}
