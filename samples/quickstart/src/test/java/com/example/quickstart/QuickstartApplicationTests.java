package com.example.quickstart;

import java.net.CookieManager;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.resumablews.test.client.AutoConfigureResumableWsTestClient;
import dev.resumablews.test.client.HandshakeRejectedException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame.Ack;
import dev.resumablews.test.client.ServerFrame.Event;
import dev.resumablews.test.client.ServerFrame.ReplayComplete;
import dev.resumablews.test.client.ServerFrame.SessionInit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.context.annotation.Import;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionTemplate;

import static dev.resumablews.test.client.ResumableWsAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@AutoConfigureResumableWsTestClient
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
	private ResumableWsTestClientBuilder clients;

	@Autowired
	private JdbcClient jdbc;

	@Autowired
	private TransactionTemplate transaction;

	@BeforeEach
	void noVotes() {
		this.jdbc.sql("delete from drinks").update();
	}

	@Test
	void aVoteIsCountedOnceAndAnInterruptedClientGetsWhatItMissed() throws Exception {
		assertThat(logIn()).contains("Tea or coffee?");
		assertThat(get("/resumable-ws/client.js")).contains("export class ResumableWebSocket");

		ResumableWsTestClient first = client().connect();
		assertThat(first.await(SessionInit.class).isResumed()).isFalse();
		assertThat(first.await(ReplayComplete.class).count()).isZero();
		UUID key = first.send("vote", Map.of("drink", "Tea"));
		assertThat(first.awaitEvent("vote_counted").payload().path("votes").asInt()).isEqualTo(1);
		first.sendOnce(Map.of("type", "vote", "payload", Map.of("drink", "Tea"), "idempotency_key", key));
		assertThat(first.await(Ack.class, Ack::isDuplicate)).forKey(key);
		first.disconnect();

		try (ResumableWsTestClient other = client().connect()) {
			other.awaitReplayComplete();
			other.awaitAck(other.send("vote", Map.of("drink", "Tea")));
		}

		first.resume();
		assertThat(first.await(SessionInit.class).isResumed()).isTrue();
		Event missed = first.awaitEvent("vote_counted");
		assertThat(missed.payload().path("votes").asInt()).isEqualTo(2);
		assertThat(missed.isReplay()).isTrue();
		assertThat(first.await(ReplayComplete.class).count()).isEqualTo(1);
		assertThat(this.jdbc.sql("select votes from drinks").query(Integer.class).single()).isEqualTo(2);
		first.close();
	}

	@Test
	void votesAtTheSameTimeAreAllCounted() throws Exception {
		logIn();
		try (ResumableWsTestClient client = client().connect()) {
			client.awaitReplayComplete();
			this.transaction.executeWithoutResult((status) -> {
				this.jdbc.sql("insert into drinks values ('Tea', 1)").update();
				client.send("vote", Map.of("drink", "Tea"));
				await().until(() -> this.jdbc.sql(
						"select exists (select from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into drinks%')")
					.query(Boolean.class)
					.single());
			});
			assertThat(client.awaitEvent("vote_counted").payload().path("votes").asInt()).isEqualTo(2);
		}
	}

	@Test
	void aClientWithoutALoginIsRejected() {
		assertThatExceptionOfType(HandshakeRejectedException.class).isThrownBy(() -> client().connect())
			.satisfies((refused) -> assertThat(refused.status()).isEqualTo(401));
	}

	private ResumableWsTestClientBuilder client() {
		return this.clients.httpClient(this.browser).header("Origin", "http://localhost:" + this.port);
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
