package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.HandshakeRejectedException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.ChaosProxy;
import dev.resumablews.testing.OpenAiStub;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests what clients receive while Postgres is unavailable, and afterwards.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class PostgresAwayTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final Pattern PORT = Pattern.compile("//[^/]*?:(\\d+)/");

	private final boolean jetty;

	private OpenAiStub model;

	private ChaosProxy postgres;

	private TestServer server;

	PostgresAwayTests(boolean jetty) {
		this.jetty = jetty;
	}

	@BeforeAll
	void start() {
		String url = TestPostgres.createDatabase();
		Matcher port = PORT.matcher(url);
		assertThat(port.find()).isTrue();
		this.postgres = ChaosProxy.to(Integer.parseInt(port.group(1)));
		this.model = OpenAiStub.start();
		this.server = TestServer.builder()
			.jetty(this.jetty)
			.model(this.model)
			.database(port.replaceFirst("//localhost:" + this.postgres.port() + "/"))
			.properties("spring.datasource.hikari.connection-timeout", "1000", "resumable-ws.log.append-timeout", "2s",
					"resumable-ws.log.statement-timeout", "2s", "resumable-ws.connection.heartbeat-interval", "1s",
					"resumable-ws.connection.heartbeat-timeout", "20s")
			.start();
	}

	@AfterAll
	void stop() {
		this.server.close();
		this.model.close();
		this.postgres.close();
	}

	@AfterEach
	void restorePostgres() {
		this.postgres.acceptAgain();
		this.postgres.resume();
	}

	@Test
	void connectionsOutliveAPostgresThatIsDown() {
		assertOutlives(() -> {
			this.postgres.refuse();
			this.postgres.cutAll();
		}, this.postgres::acceptAgain);
	}

	@Test
	void connectionsOutliveANetworkThatDropsPackets() {
		assertOutlives(this.postgres::stall, this.postgres::resume);
	}

	private void assertOutlives(Runnable away, Runnable back) {
		String user = "user-" + UUID.randomUUID();
		try (ResumableWsTestClient client = connect(user)) {
			UUID session = client.sessionId();
			client.await("replay_complete");
			away.run();
			String key = UUID.randomUUID().toString();
			long sent = System.nanoTime();
			client.sendOnce(message(key));
			client.sendOnce("{\"type\":\"ping\",\"t\":1}");
			assertThat(client.await("pong").json().path("t").asInt(0)).isEqualTo(1);
			JsonNode error = client.await("error").json();
			assertThat(error.path("code").asString("")).isEqualTo("unavailable");
			assertThat(error.path("idempotency_key").asString("")).isEqualTo(key);
			assertThat(Duration.ofNanos(System.nanoTime() - sent)).isLessThan(Duration.ofSeconds(10));
			assertRejected(to(user).session(session));
			assertThat(client.isConnected()).isTrue();
			back.run();
			JsonNode ack = sendUntilAcknowledged(client, key);
			assertThat(ack.path("event_id").asInt(0)).isEqualTo(1);
			assertThat(client.awaitEvent("assistant_message").payload().path("content").asString(""))
				.isEqualTo("Hello.");
			this.server.bean(ResumableSessions.class).publish(session, "tick", Map.of("n", 1));
			assertThat(client.awaitEvent("tick").payload().path("n").asInt(0)).isEqualTo(1);
			try (ResumableWsTestClient again = to(user).session(session).connect()) {
				assertThat(again.await(ServerFrame.SessionInit.class).isResumed()).isTrue();
				again.await("tick");
			}
			assertThat(client.frames()).filteredOn((message) -> message.type().equals("user_message")).hasSize(1);
		}
	}

	@Test
	void aReplayThatPostgresInterruptsContinues() {
		UUID session;
		try (ResumableWsTestClient client = connect("alice")) {
			session = client.sessionId();
		}
		String filler = "x".repeat(1000);
		for (int i = 1; i <= 300; i++) {
			this.server.bean(ResumableSessions.class).publish(session, "tick", Map.of("n", i, "filler", filler));
		}
		try (ResumableWsTestClient client = connect("alice")) {
			client.await("replay_complete");
			this.postgres.delay(Duration.ofMillis(50));
			try (ResumableWsTestClient slow = to("alice").session(session).connect()) {
				slow.await("session_init");
				this.postgres.refuse();
				this.postgres.cutAll();
				client.sendOnce("{\"type\":\"ping\"}");
				assertThat(client.await("pong")).isNotNull();
				this.postgres.delay(Duration.ZERO);
				this.postgres.acceptAgain();
				JsonNode complete = slow.await("replay_complete").json();
				assertThat(complete.path("count").asInt(0)).isEqualTo(300);
				assertThat(slow.frames()).filteredOn((message) -> message.json().has("event_id"))
					.extracting((message) -> message.json().path("event_id").asInt(0))
					.doesNotHaveDuplicates()
					.isSorted()
					.hasSize(300);
			}
		}
		finally {
			this.postgres.delay(Duration.ZERO);
		}
	}

	private void assertRejected(ResumableWsTestClientBuilder builder) {
		try (ResumableWsTestClient client = builder.connect()) {
			assertThat(client.awaitClose().code()).isEqualTo(1013);
		}
		catch (HandshakeRejectedException ex) {
			assertThat(ex.status()).isEqualTo(503);
		}
	}

	private static JsonNode sendUntilAcknowledged(ResumableWsTestClient client, String key) {
		return await().atMost(PATIENCE).until(() -> {
			client.sendOnce(message(key));
			JsonNode answer = client
				.await(ServerFrame.class,
						(message) -> key.equals(message.json().path("idempotency_key").asString(""))
								&& !message.json().has("payload"))
				.json();
			return answer.path("type").asString("").equals("ack") ? answer : null;
		}, (ack) -> ack != null);
	}

	private static Map<String, String> message(String key) {
		return Map.of("type", "user_message", "content", "Hello", "idempotency_key", key);
	}

	private ResumableWsTestClient connect(String user) {
		return to(user).connect();
	}

	private ResumableWsTestClientBuilder to(String user) {
		return ResumableWsTestClient.builder(this.server.uri()).tokens(Tokens.ISSUER).user(user).timeout(PATIENCE);
	}

}
