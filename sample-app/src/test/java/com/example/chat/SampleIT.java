package com.example.chat;

import java.io.IOException;
import java.net.CookieManager;
import java.net.http.HttpClient;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.OpenAiStub;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestPostgres;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests the packaged sample with the requests of a browser, through kills, stops and
 * restarts.
 */
class SampleIT {

	private static final int CLOSED_FOR_RESTART = 1012;

	private static final Duration TIMEOUT = Duration.ofSeconds(60);

	/**
	 * Makes an answer of the simulated model take about eight seconds.
	 */
	private static final String SLOW_ANSWER = "--chat.stand-in.word-interval=25ms";

	private static final String QUESTION = "Write a haiku about Postgres";

	private static final String END_OF_ANSWER = "Five, seven, five.";

	@TempDir
	Path folder;

	private final HttpClient browser = HttpClient.newBuilder().cookieHandler(new CookieManager()).build();

	@Test
	void aChatContinuesAfterAKillInTheMiddleOfAnAnswer() throws Exception {
		UUID session;
		long seen;
		try (SampleProcess sample = SampleProcess.start(this.folder, SLOW_ANSWER);
				ResumableWsTestClient client = connect(sample)) {
			session = client.sessionId();
			client.say(QUESTION);
			client.await(ServerFrame.class, (message) -> isDeltaFrom(message.json(), 40));
			sample.kill();
			client.awaitClose();
			seen = lastId(events(client));
		}
		try (SampleProcess sample = SampleProcess.start(this.folder, SLOW_ANSWER);
				ResumableWsTestClient resumed = connect(sample, session, seen);
				ResumableWsTestClient reloaded = connect(sample, session, 0)) {
			assertThat(resumed.await(ServerFrame.SessionInit.class).isResumed()).isTrue();
			JsonNode first = resumed.await("assistant_message").json();
			assertThat(first.at("/payload/content").stringValue()).endsWith(END_OF_ANSWER);
			assertThat(reloaded.await("assistant_message")).isNotNull();

			UUID next = resumed.say("Still there?");
			assertThat(resumed.awaitAck(next).eventId().orElseThrow())
				.isGreaterThan(first.path("event_id").longValue());
			assertThat(reloaded.await(ServerFrame.class, SampleIT::isSecondAnswer)
				.json()
				.at("/payload/content")
				.stringValue()).startsWith("You asked: “Still there?”");
			assertThat(resumed.await(ServerFrame.class, SampleIT::isSecondAnswer)
				.json()
				.at("/payload/finish_reason")
				.stringValue()).isEqualTo("stop");
			assertIdsGrow(seen, events(resumed));
			assertIdsGrow(0, events(reloaded));
		}
	}

	@Test
	void anAnswerInterruptedByAStopBeginsAgainAfterTheNextStart() throws Exception {
		UUID session;
		long seen;
		try (SampleProcess sample = SampleProcess.start(this.folder, SLOW_ANSWER);
				ResumableWsTestClient client = connect(sample)) {
			session = client.sessionId();
			client.say(QUESTION);
			client.await(ServerFrame.class, (message) -> isDeltaFrom(message.json(), 40));
			sample.terminate();
			assertThat(client.await("server_restarting").json().path("reconnect_after_ms").isIntegralNumber()).isTrue();
			assertThat(client.awaitClose().code()).isEqualTo(CLOSED_FOR_RESTART);
			assertThat(sample.awaitExit(TIMEOUT)).isTrue();
			assertThat(sample.log()).doesNotContain("ERROR");
			seen = lastId(events(client));
		}
		try (SampleProcess sample = SampleProcess.start(this.folder, SLOW_ANSWER);
				ResumableWsTestClient reloaded = connect(sample, session, 0);
				ResumableWsTestClient resumed = connect(sample, session, seen)) {
			assertRestarted(resumed);
			assertRestarted(reloaded);
			assertIdsGrow(seen, events(resumed));
		}
	}

	@Test
	void theButtonRestartsTheServerAndTheRunningAnswer() throws Exception {
		try (SampleProcess sample = SampleProcess.start(this.folder, SLOW_ANSWER)) {
			TestBrowser page = new TestBrowser(sample.port());
			UUID session;
			long seen;
			try (ResumableWsTestClient client = page.connect(null); RawWebSocketClient plain = page.plain().connect()) {
				session = client.sessionId();
				client.say(QUESTION);
				plain.send(Map.of("content", QUESTION));
				client.await(ServerFrame.class, (message) -> isDeltaFrom(message.json(), 40));
				plain.await((message) -> message.has("delta"));

				assertThat(page.post("/api/break-things/server").statusCode()).isEqualTo(202);

				client.await("server_restarting");
				assertThat(client.awaitClose().code()).isEqualTo(CLOSED_FOR_RESTART);
				plain.awaitClose();
				assertThat(plain.messages()).noneMatch((message) -> message.has("done"));
				seen = lastId(events(client));
			}
			long closed = System.nanoTime();
			try (ResumableWsTestClient resumed = Awaitility.await()
				.atMost(TIMEOUT)
				.ignoreExceptions()
				.until(() -> page.connect(session, seen), Objects::nonNull)) {
				System.out.printf("Sample: back %d ms after the button's restart%n",
						Duration.ofNanos(System.nanoTime() - closed).toMillis());
				assertRestarted(resumed);
				assertIdsGrow(seen, events(resumed));
			}
			assertThat(sample.log()).doesNotContain("ERROR");
		}
	}

	@Test
	void anAnswerThatEndsWithinTheReplyGraceIsComplete() throws Exception {
		try (SampleProcess sample = SampleProcess.start(this.folder, "--chat.stand-in.word-interval=10ms",
				"--resumable-ws.shutdown.timeout=40s", "--resumable-ws.shutdown.reply-grace=30s");
				ResumableWsTestClient client = connect(sample)) {
			client.say(QUESTION);
			client.await(ServerFrame.class, (message) -> isDeltaFrom(message.json(), 40));
			sample.terminate();
			client.await("server_restarting");
			assertThat(client.await("assistant_message").json().at("/payload/content").stringValue())
				.endsWith(END_OF_ANSWER);
			assertThat(client.awaitClose().code()).isEqualTo(CLOSED_FOR_RESTART);
			assertThat(sample.awaitExit(TIMEOUT)).isTrue();
			assertThat(sample.log()).doesNotContain("ERROR");
		}
	}

	@Test
	void aConfiguredDatabaseAndModelAreUsed() throws Exception {
		try (OpenAiStub model = OpenAiStub.start();
				SampleProcess sample = SampleProcess.start(this.folder,
						"--spring.datasource.url=" + TestPostgres.createDatabase(),
						"--spring.ai.openai.base-url=" + model.baseUrl(),
						"--resumable-ws.auth.jwt.secret=a-secret-of-at-least-thirty-two-bytes");
				ResumableWsTestClient client = connect(sample)) {
			client.say("Hello?");

			assertThat(client.await("assistant_message").json().at("/payload/content").stringValue())
				.isEqualTo("Hello.");
			assertThat(model.awaitExchange(Duration.ofSeconds(5)).model()).isEqualTo("gpt-4o-mini");
			assertThat(this.folder.resolve("data")).doesNotExist();
		}
	}

	@Test
	void thePageLoadsOnlyItsOwnScripts() throws Exception {
		try (SampleProcess sample = SampleProcess.start(this.folder)) {
			HttpResponse<String> page = sample.get("/");

			assertThat(page.statusCode()).isEqualTo(200);
			assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
				.contains("default-src 'self'")
				.contains("require-trusted-types-for 'script'")
				.doesNotContain("unsafe");
			assertThat(page.body()).contains("app.js").doesNotContain("http://", "https://");
			for (String script : List.of("/app.js", "/resumable-ws/client.js", "/webjars/marked/lib/marked.esm.js",
					"/_static/dompurify/3.4.15/dist/purify.es.mjs")) {
				assertThat(sample.get(script).statusCode()).as(script).isEqualTo(200);
			}
			assertThat(sample.get("/actuator/health").body()).contains("UP");
		}
	}

	private ResumableWsTestClient connect(SampleProcess sample) throws IOException, InterruptedException {
		return sample.webSocket(sample.signIn(this.browser)).connect();
	}

	private ResumableWsTestClient connect(SampleProcess sample, UUID session, long lastEventId)
			throws IOException, InterruptedException {
		return sample.webSocket(sample.signIn(this.browser)).session(session, lastEventId).connect();
	}

	/**
	 * Verifies that the answer was restarted, superseding the interrupted attempt, and is
	 * complete.
	 */
	private static void assertRestarted(ResumableWsTestClient client) {
		JsonNode whole = client.await("assistant_message").json();
		assertThat(whole.at("/payload/finish_reason").stringValue()).isEqualTo("stop");
		assertThat(whole.at("/payload/content").stringValue()).endsWith(END_OF_ANSWER);
		JsonNode begun = client
			.await(ServerFrame.class,
					(message) -> isType(message.json(), "assistant_started")
							&& message.json().path("payload").has("supersedes"))
			.json();
		assertThat(begun.at("/payload/message_id")).isEqualTo(whole.at("/payload/message_id"));
		assertThat(events(client)).noneMatch((event) -> isType(event, "assistant_failed"));
	}

	private static boolean isDeltaFrom(JsonNode message, int offset) {
		return isType(message, "assistant_delta") && message.at("/payload/offset").intValue() >= offset;
	}

	private static boolean isSecondAnswer(ServerFrame frame) {
		return frame.type().equals("assistant_message")
				&& frame.json().at("/payload/content").stringValue().contains("Still there?");
	}

	private static boolean isType(JsonNode message, String type) {
		return message.path("type").asString("").equals(type);
	}

	private static List<JsonNode> events(ResumableWsTestClient client) {
		return client.frames().stream().map(ServerFrame::json).filter((message) -> message.has("payload")).toList();
	}

	private static long lastId(List<JsonNode> events) {
		return events.get(events.size() - 1).path("event_id").longValue();
	}

	/**
	 * Verifies that ids increase. They may have gaps where deltas were merged or became
	 * obsolete.
	 */
	private static void assertIdsGrow(long cursor, List<JsonNode> events) {
		List<Long> ids = events.stream().map((event) -> event.path("event_id").longValue()).toList();
		assertThat(ids).isSorted().doesNotHaveDuplicates().allMatch((id) -> id > cursor);
	}

}
