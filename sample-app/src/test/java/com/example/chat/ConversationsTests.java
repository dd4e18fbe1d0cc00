package com.example.chat;

import java.io.IOException;
import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.WsTestClient;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What browsers are told of conversations, and what they may break.
 */
class ConversationsTests {

	private static ConfigurableApplicationContext application;

	private static int port;

	private final Browser ada = new Browser();

	private final Browser bob = new Browser();

	@BeforeAll
	static void start(@TempDir Path folder) {
		application = SpringApplication.run(ChatApplication.class, "--server.port=0", "--chat.data-dir=" + folder,
				"--spring.datasource.url=" + TestPostgres.createDatabase(),
				"--resumable-ws.auth.jwt.secret=" + Tokens.SECRET, "--spring.ai.openai.api-key=", "--OPENAI_API_KEY=",
				"--spring.ai.openai.base-url=", "--OPENAI_BASE_URL=");
		port = ((WebServerApplicationContext) application).getWebServer().getPort();
	}

	@AfterAll
	static void stop() {
		application.close();
	}

	@Test
	void aConversationIsListedUnderWhatWasSaidFirst() throws Exception {
		Instant before = Instant.now();
		String first = this.ada.say(null, "What is a log?\nAnd why?");
		String second = this.ada.say(null, "x".repeat(200));
		this.ada.say(first, "Go on");

		JsonNode list = this.ada.conversations();

		assertThat(list.valueStream().map((entry) -> entry.path("id").stringValue())).containsExactly(first, second);
		assertThat(list.valueStream().map((entry) -> entry.path("title").stringValue()))
			.containsExactly("What is a log? And why?", "x".repeat(80) + "…");
		assertThat(Instant.parse(list.get(0).path("createdAt").stringValue())).isBetween(before.minusSeconds(60),
				Instant.parse(list.get(0).path("lastActiveAt").stringValue()));
	}

	@Test
	void aConversationInWhichNothingWasSaidIsNotListed() throws Exception {
		try (WsTestClient client = this.ada.connect(null)) {
			client.await("replay_complete");

			assertThat(this.ada.conversations()).isEmpty();
		}
	}

	@Test
	void nobodySeesTheConversationsOfOthers() throws Exception {
		this.ada.say(null, "A secret");
		String open = this.bob.say(null, "Not a secret");

		assertThat(this.bob.conversations().valueStream().map((entry) -> entry.path("id").stringValue()))
			.containsExactly(open);
		assertThat(new Browser().get("/api/conversations").statusCode()).isEqualTo(401);
	}

	@Test
	void aDeletedConversationIsGoneForItsClientsToo() throws Exception {
		String session = this.ada.say(null, "Forget this");
		try (WsTestClient client = this.ada.connect(session)) {
			client.await("session_init");

			assertThat(this.ada.delete(session)).isEqualTo(204);

			assertThat(client.awaitClose()).isEqualTo(1000);
			assertThat(this.ada.conversations()).isEmpty();
			assertThat(this.ada.delete(session)).isEqualTo(404);
		}
	}

	@Test
	void nobodyDeletesTheConversationsOfOthers() throws Exception {
		String session = this.ada.say(null, "Mine");
		this.bob.signIn();

		assertThat(this.bob.delete(session)).isEqualTo(404);
		assertThat(this.bob.delete(UUID.randomUUID().toString())).isEqualTo(404);
		assertThat(new Browser().delete(session)).isEqualTo(401);
		assertThat(this.ada.conversations()).hasSize(1);
	}

	@Test
	void aCutConnectionIsResetAndThoseOfOthersAreNot() throws Exception {
		try (WsTestClient adas = this.ada.connect(null); WsTestClient bobs = this.bob.connect(null)) {
			adas.await("session_init");
			bobs.await("session_init");

			HttpResponse<String> response = this.ada.post("/api/break-things/connection");

			assertThat(response.body()).isEqualTo("{\"connections\":1}");
			// without a word
			assertThat(adas.awaitClose()).isEqualTo(1006);
			bobs.send(Map.of("type", "ping"));
			bobs.await("pong");
		}
	}

	@Test
	void anExpiredTokenEndsTheConnectionAndTheNextOneIsGood() throws Exception {
		try (WsTestClient first = this.ada.connect(null)) {
			first.await("session_init");

			assertThat(this.ada.post("/api/break-things/token").statusCode()).isEqualTo(204);

			assertThat(first.awaitClose()).isEqualTo(1006);
		}
		try (WsTestClient second = this.ada.connect(null)) {
			assertThat(second.awaitClose()).isEqualTo(4401);
		}
		try (WsTestClient third = this.ada.connect(null)) {
			third.await("replay_complete");
		}
	}

	@Test
	void theSlowNetworkLeadsToTheServer() throws Exception {
		String session = this.ada.say(null, "Slowly");
		int slowPort = JsonMapper.shared()
			.readTree(this.ada.get("/api/break-things").body())
			.path("slowPort")
			.intValue();
		try (WsTestClient client = WsTestClient.to(slowPort, "/ws")
			.header("Authorization", "Bearer " + this.ada.signIn())
			.query("sessionId", session)
			.connect()) {
			assertThat(client.await("user_message").at("/payload/content").stringValue()).isEqualTo("Slowly");
		}
	}

	@Test
	void nothingIsBrokenForWhoIsNotSignedInOrSomewhereElse() throws Exception {
		for (String what : new String[] { "connection", "token", "server" }) {
			assertThat(new Browser().post("/api/break-things/" + what).statusCode()).as(what).isEqualTo(401);
			assertThat(this.ada.post("/api/break-things/" + what, "X-Forwarded-For", "192.0.2.1").statusCode()).as(what)
				.isEqualTo(403);
		}
	}

	/**
	 * A browser, with its cookies.
	 */
	private static final class Browser {

		private final HttpClient client = HttpClient.newBuilder().cookieHandler(new CookieManager()).build();

		String signIn() throws IOException, InterruptedException {
			return JsonMapper.shared().readTree(post("/api/sign-in").body()).path("token").stringValue();
		}

		HttpResponse<String> get(String path) throws IOException, InterruptedException {
			return send(request(path).GET());
		}

		HttpResponse<String> post(String path, String... headers) throws IOException, InterruptedException {
			HttpRequest.Builder request = request(path).POST(HttpRequest.BodyPublishers.noBody());
			return send((headers.length > 0) ? request.headers(headers) : request);
		}

		int delete(String session) throws IOException, InterruptedException {
			return send(request("/api/conversations/" + session).DELETE()).statusCode();
		}

		JsonNode conversations() throws IOException, InterruptedException {
			return JsonMapper.shared().readTree(get("/api/conversations").body());
		}

		WsTestClient connect(@Nullable String session) throws IOException, InterruptedException {
			WsTestClient.Builder builder = WsTestClient.to(port, "/ws")
				.header("Sec-WebSocket-Protocol", "resumable-ws.v1, jwt-" + signIn());
			return ((session != null) ? builder.query("sessionId", session) : builder).connect();
		}

		/**
		 * Says something in a session, or in a new one, and does not want an answer.
		 * @return the session
		 */
		String say(@Nullable String session, String content) throws IOException, InterruptedException {
			try (WsTestClient client = connect(session)) {
				String key = UUID.randomUUID().toString();
				client.send(Map.of("type", "user_message", "content", content, "idempotency_key", key));
				client.await("ack");
				client.await((message) -> isLive(message, "assistant_started"));
				client.send(Map.of("type", "cancel"));
				client.await((message) -> isLive(message, "assistant_message"));
				return client.await("session_init").path("session_id").stringValue();
			}
		}

		private static boolean isLive(JsonNode message, String type) {
			return message.path("type").asString("").equals(type) && !message.has("replay");
		}

		private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
			return this.client.send(request.build(), HttpResponse.BodyHandlers.ofString());
		}

		private static HttpRequest.Builder request(String path) {
			return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
				.header("Content-Type", "application/json");
		}

	}

}
