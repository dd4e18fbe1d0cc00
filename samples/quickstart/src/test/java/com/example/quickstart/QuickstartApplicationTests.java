package com.example.quickstart;

import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocketHandshakeException;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@Import(EmbeddedPostgresConfiguration.class)
class QuickstartApplicationTests {

	private static final Pattern CSRF = Pattern.compile("name=\"_csrf\"[^>]*value=\"([^\"]+)\"");

	private final HttpClient browser = HttpClient.newBuilder()
		.cookieHandler(new CookieManager())
		.followRedirects(Redirect.NORMAL)
		.build();

	@LocalServerPort
	private int port;

	@Autowired
	private JdbcClient jdbc;

	@BeforeEach
	void noVotes() {
		this.jdbc.sql("delete from votes").update();
	}

	@Test
	void aVoteIsCountedOnceAndAnInterruptedClientGetsWhatItMissed() throws Exception {
		assertThat(logIn()).contains("Tea or coffee?");
		assertThat(get("/resumable-ws/client.js")).contains("export class ResumableWebSocket");

		Connection first = Connection.open(this.browser, this.port, "");
		String sessionId = first.await("session_init").path("session_id").asString();
		UUID key = UUID.randomUUID();
		first.vote("Tea", key);
		JsonNode counted = first.await("vote_counted");
		assertThat(counted.path("payload").path("votes").asInt()).isEqualTo(1);
		first.vote("Tea", key);
		assertThat(first.await("ack").path("idempotency_key").asString()).isEqualTo(key.toString());
		first.cut();

		Connection other = Connection.open(this.browser, this.port, "");
		other.await("replay_complete");
		other.vote("Tea", UUID.randomUUID());
		other.await("ack");

		Connection resumed = Connection.open(this.browser, this.port,
				"?sessionId=" + sessionId + "&lastEventId=" + counted.path("event_id").asInt());
		assertThat(resumed.await("session_init").path("resumed").asBoolean()).isTrue();
		JsonNode missed = resumed.await("vote_counted");
		assertThat(missed.path("payload").path("votes").asInt()).isEqualTo(2);
		assertThat(missed.path("replay").asBoolean()).isTrue();
		assertThat(resumed.await("replay_complete").path("count").asInt()).isEqualTo(1);
		assertThat(this.jdbc.sql("select count(*) from votes").query(Integer.class).single()).isEqualTo(2);
		other.cut();
		resumed.cut();
	}

	@Test
	void aClientThatIsNotLoggedInIsRefused() {
		assertThatExceptionOfType(CompletionException.class)
			.isThrownBy(() -> Connection.open(this.browser, this.port, ""))
			.havingCause()
			.isInstanceOfSatisfying(WebSocketHandshakeException.class,
					(refusal) -> assertThat(refusal.getResponse().statusCode()).isEqualTo(401));
	}

	private String logIn() throws Exception {
		Matcher csrf = CSRF.matcher(get("/"));
		assertThat(csrf.find()).as("a login page").isTrue();
		return body(HttpRequest.newBuilder(uri("/login"))
			.header("Content-Type", "application/x-www-form-urlencoded")
			.POST(BodyPublishers.ofString("username=ada&password=ada&_csrf=" + csrf.group(1)))
			.build());
	}

	private String get(String path) throws Exception {
		return body(HttpRequest.newBuilder(uri(path)).header("Accept", "text/html,*/*").build());
	}

	private String body(HttpRequest request) throws Exception {
		HttpResponse<String> response = this.browser.send(request, BodyHandlers.ofString());
		assertThat(response.statusCode()).as("%s", request).isEqualTo(200);
		return response.body();
	}

	private URI uri(String path) {
		return URI.create("http://localhost:" + this.port + path);
	}

}
