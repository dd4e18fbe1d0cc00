package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import dev.resumablews.ResumableSessions;
import dev.resumablews.testing.ChaosProxy;
import dev.resumablews.testing.OpenAiStub;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.UpgradeRejectedException;
import dev.resumablews.testing.WsTestClient;
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
 * Postgres goes away and comes back: what clients notice.
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
	void comeBack() {
		this.postgres.acceptAgain();
		this.postgres.resume();
	}

	@Test
	void connectionsOutliveAPostgresThatIsDown() {
		outlive(() -> {
			this.postgres.refuse();
			this.postgres.cutAll();
		}, this.postgres::acceptAgain);
	}

	@Test
	void connectionsOutliveANetworkThatDropsPackets() {
		outlive(this.postgres::stall, this.postgres::resume);
	}

	private void outlive(Runnable away, Runnable back) {
		String user = "user-" + UUID.randomUUID();
		try (WsTestClient client = connect(user)) {
			String session = client.next().path("session_id").asString("");
			client.await("replay_complete");
			away.run();
			String key = UUID.randomUUID().toString();
			long sent = System.nanoTime();
			client.send(message(key));
			client.send("{\"type\":\"ping\",\"t\":1}");
			assertThat(client.await("pong").path("t").asInt(0)).isEqualTo(1);
			JsonNode error = client.await("error");
			assertThat(error.path("code").asString("")).isEqualTo("unavailable");
			assertThat(error.path("idempotency_key").asString("")).isEqualTo(key);
			assertThat(Duration.ofNanos(System.nanoTime() - sent)).isLessThan(Duration.ofSeconds(10));
			assertSentAway(to(user).query("sessionId", session));
			assertThat(client.isOpen()).isTrue();
			back.run();
			JsonNode ack = sendUntilAcknowledged(client, key);
			assertThat(ack.path("event_id").asInt(0)).isEqualTo(1);
			assertThat(client.await("assistant_message").path("payload").path("content").asString(""))
				.isEqualTo("Hello.");
			this.server.bean(ResumableSessions.class).publish(UUID.fromString(session), "tick", Map.of("n", 1));
			assertThat(client.await("tick").path("payload").path("n").asInt(0)).isEqualTo(1);
			try (WsTestClient again = to(user).query("sessionId", session).connect()) {
				assertThat(again.next().path("resumed").asBoolean(false)).isTrue();
				again.await("tick");
			}
			assertThat(client.messages())
				.filteredOn((message) -> message.path("type").asString("").equals("user_message"))
				.hasSize(1);
		}
	}

	@Test
	void aReplayThatPostgresInterruptsContinues() {
		String session;
		try (WsTestClient client = connect("alice")) {
			session = client.next().path("session_id").asString("");
		}
		String filler = "x".repeat(1000);
		for (int i = 1; i <= 300; i++) {
			this.server.bean(ResumableSessions.class)
				.publish(UUID.fromString(session), "tick", Map.of("n", i, "filler", filler));
		}
		try (WsTestClient client = connect("alice")) {
			client.await("replay_complete");
			this.postgres.delay(Duration.ofMillis(50));
			try (WsTestClient slow = to("alice").query("sessionId", session).connect()) {
				slow.next();
				this.postgres.refuse();
				this.postgres.cutAll();
				client.send("{\"type\":\"ping\"}");
				assertThat(client.await("pong")).isNotNull();
				this.postgres.delay(Duration.ZERO);
				this.postgres.acceptAgain();
				JsonNode complete = slow.await("replay_complete");
				assertThat(complete.path("count").asInt(0)).isEqualTo(300);
				assertThat(slow.messages()).filteredOn((message) -> message.has("event_id"))
					.extracting((message) -> message.path("event_id").asInt(0))
					.doesNotHaveDuplicates()
					.isSorted()
					.hasSize(300);
			}
		}
		finally {
			this.postgres.delay(Duration.ZERO);
		}
	}

	private void assertSentAway(WsTestClient.Builder builder) {
		try (WsTestClient client = builder.connect()) {
			assertThat(client.awaitClose()).isEqualTo(1013);
		}
		catch (UpgradeRejectedException ex) {
			assertThat(ex.status()).isEqualTo(503);
		}
	}

	private static JsonNode sendUntilAcknowledged(WsTestClient client, String key) {
		return await().atMost(PATIENCE).until(() -> {
			client.send(message(key));
			JsonNode answer = client.await(
					(message) -> key.equals(message.path("idempotency_key").asString("")) && !message.has("payload"));
			return answer.path("type").asString("").equals("ack") ? answer : null;
		}, (ack) -> ack != null);
	}

	private static Map<String, String> message(String key) {
		return Map.of("type", "user_message", "content", "Hello", "idempotency_key", key);
	}

	private WsTestClient connect(String user) {
		return to(user).connect();
	}

	private WsTestClient.Builder to(String user) {
		return WsTestClient.to(this.server.uri()).query("token", Tokens.forUser(user)).patience(PATIENCE);
	}

}
