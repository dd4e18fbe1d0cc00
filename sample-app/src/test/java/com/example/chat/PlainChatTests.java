package com.example.chat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.UpgradeRejectedException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.ai.chat.model.ChatModel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that the plain chat streams answers, accepts the same users as the resumable
 * chat, and loses what a broken connection did not deliver.
 */
class PlainChatTests {

	private static final String QUESTION = "Write a haiku about Postgres";

	private static RunningSample sample;

	private static int port;

	private TestBrowser browser;

	@BeforeAll
	static void start(@TempDir Path folder) {
		sample = RunningSample.start(folder, "--chat.stand-in.word-interval=5ms");
		port = sample.port();
	}

	@AfterAll
	static void stop() {
		sample.close();
	}

	@BeforeEach
	void openBrowser() {
		this.browser = new TestBrowser(port);
	}

	@Test
	void anAnswerIsStreamedAndComplete() throws Exception {
		try (RawWebSocketClient client = this.browser.plain().connect()) {
			for (int i = 0; i < 2; i++) {
				client.send(Map.of("content", QUESTION));
				assertThat(client.await((message) -> message.has("done")).path("done").booleanValue()).isTrue();
			}

			String answer = sample.application().getBean(ChatModel.class).call(QUESTION);
			assertThat(text(client)).isEqualTo(answer + answer);
			assertThat(client.messages()).hasSizeGreaterThan(100);
			assertThat(client.responseHeader("Sec-WebSocket-Protocol")).isEqualTo("plain");
		}
	}

	@Test
	void aCutResetsThePlainAndTheResumableConnection() throws Exception {
		try (ResumableWsTestClient resumable = this.browser.connect(null);
				RawWebSocketClient plain = this.browser.plain().connect()) {
			plain.send(Map.of("content", QUESTION));
			plain.await((message) -> message.has("delta"));

			assertThat(this.browser.post("/api/break-things/connection").body()).isEqualTo("{\"connections\":2}");

			assertThat(plain.awaitClose()).isEqualTo(1006);
			assertThat(resumable.awaitClose().code()).isEqualTo(1006);
			assertThat(plain.messages()).noneMatch((message) -> message.has("done"));
		}
		// the next connection does not receive the lost part
		try (RawWebSocketClient plain = this.browser.plain().connect()) {
			plain.send(Map.of("content", ""));
			assertThat(plain.next().has("error")).isTrue();
		}
	}

	@Test
	void theSlowNetworkConnectsToThePlainChat() throws Exception {
		int slowPort = JsonMapper.shared()
			.readTree(this.browser.get("/api/break-things").body())
			.path("slowPort")
			.intValue();
		try (RawWebSocketClient client = RawWebSocketClient.to(slowPort, "/plain")
			.header("Origin", "http://localhost:" + port)
			.header("Sec-WebSocket-Protocol", "plain, jwt-" + this.browser.signIn())
			.connect()) {
			assertAnswers(client);
		}
	}

	@Test
	void theSameUsersAndOriginsAreAcceptedAsByTheResumableChat() throws Exception {
		assertThat(rejectionStatus(RawWebSocketClient.to(port, "/plain"))).isEqualTo(401);
		assertThat(rejectionStatus(this.browser.plain().header("Sec-WebSocket-Protocol", "plain, jwt-a.b.c")))
			.isEqualTo(401);
		for (String origin : new String[] { "http://evil.example", "null", "https://localhost.evil.example" }) {
			assertThat(rejectionStatus(this.browser.plain().header("Origin", origin))).as(origin).isEqualTo(403);
		}
		assertThat(rejectionStatus(this.browser.plain().header("Host", "evil.example"))).isEqualTo(421);
	}

	@Test
	void aConnectionAnswersOneQuestionAtATime() throws Exception {
		try (RawWebSocketClient client = this.browser.plain().connect()) {
			client.send(Map.of("content", QUESTION));
			client.await((message) -> message.has("delta"));
			client.send(Map.of("content", QUESTION));

			assertThat(client.await((message) -> message.has("error")).path("error").stringValue())
				.isEqualTo("An answer is running");
			client.await((message) -> message.has("done"));
			assertThat(text(client)).isEqualTo(sample.application().getBean(ChatModel.class).call(QUESTION));
		}
	}

	@Test
	void theOpenConnectionsOfAUserAreLimited() throws Exception {
		List<RawWebSocketClient> open = new ArrayList<>();
		try {
			for (int i = 0; i < PlainChatHandler.MAX_PER_USER; i++) {
				open.add(this.browser.plain().connect());
				assertAnswers(open.get(i));
			}
			try (RawWebSocketClient further = this.browser.plain().connect()) {
				assertThat(further.awaitClose()).isEqualTo(1008);
			}
			try (RawWebSocketClient others = new TestBrowser(port).plain().connect()) {
				assertAnswers(others);
			}
			open.remove(0).close();
			await().untilAsserted(() -> {
				try (RawWebSocketClient next = this.browser.plain().connect()) {
					assertAnswers(next);
				}
			});
		}
		finally {
			open.forEach(RawWebSocketClient::close);
		}
	}

	@Test
	void anInvalidMessageIsAnsweredWithAnError() throws Exception {
		try (RawWebSocketClient client = this.browser.plain().connect()) {
			for (String message : new String[] { "{", "[]", "{}", "{\"content\":1}", "{\"content\":\" \"}" }) {
				client.send(message);
				assertThat(client.next().path("error").stringValue()).as(message).contains("content");
			}
			client.send(Map.of("content", "😀".repeat(10_000)));
			assertThat(client.next().path("delta").stringValue()).isNotEmpty();
		}
	}

	@Test
	void aMessageThatIsTooLongClosesTheConnection() throws Exception {
		try (RawWebSocketClient client = this.browser.plain().connect()) {
			client.send(Map.of("content", "x".repeat(200_000)));

			assertThat(client.awaitClose()).isEqualTo(1009);
		}
	}

	private static void assertAnswers(RawWebSocketClient client) {
		client.send("{}");
		assertThat(client.next().has("error")).isTrue();
	}

	private static int rejectionStatus(RawWebSocketClient.Builder connection) {
		UpgradeRejectedException refused = connection.connectRefused();
		return refused.status();
	}

	private static String text(RawWebSocketClient client) {
		return client.messages()
			.stream()
			.map((message) -> message.path("delta").asString(""))
			.collect(Collectors.joining());
	}

}
