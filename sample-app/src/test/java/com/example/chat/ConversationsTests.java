package com.example.chat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the list of conversations, the endpoints that break things, and the access rules
 * of both.
 */
class ConversationsTests {

	private static final Pattern NEXT = Pattern.compile("<(/api/conversations\\?.*)>; rel=\"next\"");

	private static RunningSample sample;

	private static int port;

	private TestBrowser ada;

	private TestBrowser bob;

	@BeforeAll
	static void start(@TempDir Path folder) {
		sample = RunningSample.start(folder, "--chat.erase-delay=2s");
		port = sample.port();
	}

	@AfterAll
	static void stop() {
		sample.close();
	}

	@BeforeEach
	void openBrowsers() {
		this.ada = new TestBrowser(port);
		this.bob = new TestBrowser(port);
	}

	@Test
	void aConversationIsListedWithItsFirstMessageAsTheTitle() throws Exception {
		Instant before = Instant.now();
		UUID first = this.ada.say(null, "What is a log?\nAnd why?");
		UUID second = this.ada.say(null, "x".repeat(300));
		this.ada.say(first, "Go on");

		JsonNode list = this.ada.conversations();

		assertThat(list.valueStream().map((entry) -> entry.path("id").stringValue())).containsExactly(first.toString(),
				second.toString());
		assertThat(list.valueStream().map((entry) -> entry.path("title").stringValue()))
			.containsExactly("What is a log? And why?", "x".repeat(200) + "…");
		assertThat(Instant.parse(list.get(0).path("createdAt").stringValue())).isBetween(before.minusSeconds(60),
				Instant.parse(list.get(0).path("lastActiveAt").stringValue()));
	}

	@Test
	void aConversationWithoutMessagesIsNotListed() throws Exception {
		try (ResumableWsTestClient client = this.ada.connect(null)) {
			client.await("replay_complete");

			assertThat(this.ada.conversations()).isEmpty();
		}
	}

	@Test
	void aUserCannotListTheConversationsOfOthers() throws Exception {
		this.ada.say(null, "A secret");
		UUID open = this.bob.say(null, "Not a secret");

		assertThat(this.bob.conversations().valueStream().map((entry) -> entry.path("id").stringValue()))
			.containsExactly(open.toString());
		assertThat(new TestBrowser(port).get("/api/conversations").statusCode()).isEqualTo(401);
	}

	@Test
	void conversationsAreListedInPages() throws Exception {
		Set<String> opened = new HashSet<>();
		String token = this.ada.signIn();
		for (int i = 0; i < 103; i++) {
			opened.add(conversation(token));
		}

		HttpResponse<String> first = this.ada.get("/api/conversations");
		String next = link(first);
		HttpResponse<String> second = this.ada.get(next);

		assertThat(ids(first)).hasSize(100);
		assertThat(ids(second)).hasSize(3);
		assertThat(Stream.concat(ids(first).stream(), ids(second).stream()))
			.containsExactlyInAnyOrderElementsOf(opened);
		assertThat(second.headers().firstValue("Link")).isEmpty();
		assertThat(ids(this.ada.get("/api/conversations?offset=500"))).isEmpty();
		assertThat(this.ada.get("/api/conversations?offset=-1").statusCode()).isEqualTo(400);
	}

	@Test
	void deletingAConversationClosesItsConnections() throws Exception {
		UUID session = this.ada.say(null, "Forget this");
		try (ResumableWsTestClient client = this.ada.connect(session)) {
			client.await("session_init");

			assertThat(this.ada.delete(session)).isEqualTo(204);

			assertThat(client.awaitClose().code()).isEqualTo(1000);
			assertThat(this.ada.conversations()).isEmpty();
			assertThat(this.ada.delete(session)).isEqualTo(404);
		}
	}

	@Test
	void aDeletedConversationIsErased() throws Exception {
		UUID session = this.ada.say(null, "Forget this");
		String user = sessions().find(session).orElseThrow().userId();
		assertThat(sessions().storedBytes(user)).isPositive();

		this.ada.delete(session);

		await().untilAsserted(() -> assertThat(sessions().find(session)).isEmpty());
		assertThat(sessions().storedBytes(user)).isZero();
		assertThat(sessions().history(session, 0, 10)).isEmpty();
	}

	@Test
	void aUserCannotDeleteTheConversationsOfOthers() throws Exception {
		UUID session = this.ada.say(null, "Mine");
		this.bob.signIn();

		assertThat(this.bob.delete(session)).isEqualTo(404);
		assertThat(this.bob.delete(UUID.randomUUID())).isEqualTo(404);
		assertThat(new TestBrowser(port).delete(session)).isEqualTo(401);
		assertThat(this.ada.conversations()).hasSize(1);
	}

	@Test
	void aCutResetsOnlyTheConnectionsOfTheUser() throws Exception {
		try (ResumableWsTestClient adas = this.ada.connect(null); ResumableWsTestClient bobs = this.bob.connect(null)) {
			adas.await("session_init");
			bobs.await("session_init");

			HttpResponse<String> response = this.ada.post("/api/break-things/connection");

			assertThat(response.body()).isEqualTo("{\"connections\":1}");
			// without a close frame
			assertThat(adas.awaitClose().code()).isEqualTo(1006);
			bobs.sendOnce(Map.of("type", "ping"));
			bobs.await("pong");
		}
	}

	@Test
	void anExpiredTokenClosesTheConnectionAndTheNextOneIsValid() throws Exception {
		try (ResumableWsTestClient first = this.ada.connect(null)) {
			first.await("session_init");

			assertThat(this.ada.post("/api/break-things/token").statusCode()).isEqualTo(204);

			assertThat(first.awaitClose().code()).isEqualTo(1006);
		}
		try (ResumableWsTestClient second = this.ada.connect(null)) {
			assertThat(second.awaitClose().code()).isEqualTo(4401);
		}
		try (ResumableWsTestClient third = this.ada.connect(null)) {
			third.await("replay_complete");
		}
	}

	@Test
	void theSlowNetworkConnectsToTheServer() throws Exception {
		UUID session = this.ada.say(null, "Slowly");
		int slowPort = JsonMapper.shared()
			.readTree(this.ada.get("/api/break-things").body())
			.path("slowPort")
			.intValue();
		try (ResumableWsTestClient client = ResumableWsTestClient.builder(slowPort)
			.header("Authorization", "Bearer " + this.ada.signIn())
			.session(session)
			.connect()) {
			assertThat(client.await("user_message").json().at("/payload/content").stringValue()).isEqualTo("Slowly");
		}
	}

	@Test
	void theModelIsNamed() throws Exception {
		JsonNode about = JsonMapper.shared().readTree(new TestBrowser(port).get("/api/about").body());

		assertThat(about.path("model").stringValue()).isEqualTo("stand-in");
	}

	@Test
	void onlySignedInUsersOnThisMachineMayBreakThings() throws Exception {
		for (String what : new String[] { "connection", "token", "server" }) {
			assertThat(new TestBrowser(port).post("/api/break-things/" + what).statusCode()).as(what).isEqualTo(401);
			assertThat(this.ada.post("/api/break-things/" + what, "X-Forwarded-For", "192.0.2.1").statusCode()).as(what)
				.isEqualTo(403);
		}
	}

	private static ResumableSessions sessions() {
		return sample.application().getBean(ResumableSessions.class);
	}

	/**
	 * Opens a session, and publishes an event in it.
	 */
	private static String conversation(String token) {
		try (ResumableWsTestClient client = ResumableWsTestClient.builder(port).token(token).connect()) {
			UUID session = client.sessionId();
			sessions().publish(session, "note", Map.of());
			return session.toString();
		}
	}

	private static List<String> ids(HttpResponse<String> list) {
		return JsonMapper.shared()
			.readTree(list.body())
			.valueStream()
			.map((entry) -> entry.path("id").stringValue())
			.toList();
	}

	private static String link(HttpResponse<String> response) {
		Matcher matcher = NEXT.matcher(response.headers().firstValue("Link").orElseThrow());
		assertThat(matcher.matches()).isTrue();
		return matcher.group(1);
	}

}
