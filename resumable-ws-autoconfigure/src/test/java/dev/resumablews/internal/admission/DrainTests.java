package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.test.client.Close;
import dev.resumablews.test.client.HandshakeRejectedException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.Gate;
import dev.resumablews.testing.OpenAiAnswer;
import dev.resumablews.testing.OpenAiStub;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Tests what clients receive while a server drains.
 */
abstract class DrainTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private final boolean jetty;

	private final String database = TestPostgres.createDatabase();

	private OpenAiStub model;

	DrainTests(boolean jetty) {
		this.jetty = jetty;
	}

	@BeforeEach
	void start() {
		this.model = OpenAiStub.start();
	}

	@AfterEach
	void stop() {
		this.model.close();
	}

	@Test
	void aReplyThatEndsInTimeIsDeliveredBeforeConnectionsAreClosed() {
		Gate gate = new Gate();
		this.model.answer(OpenAiAnswer.of("One", " two", " three").pacedBy(gate));
		TestServer server = server("20s", "15s");
		List<ResumableWsTestClient> idle = new ArrayList<>();
		try (ResumableWsTestClient client = connect(server, "alice")) {
			for (int i = 0; i < 5; i++) {
				idle.add(connect(server, "idle"));
				idle.get(i).await("replay_complete");
			}
			ask(client);
			gate.release(1);
			client.await("assistant_delta");
			CompletableFuture<Void> stopped = CompletableFuture.runAsync(server::close);
			Set<Integer> delays = new HashSet<>();
			for (ResumableWsTestClient each : idle) {
				delays.add(each.await("server_restarting").json().path("reconnect_after_ms").asInt(-1));
			}
			delays.add(client.await("server_restarting").json().path("reconnect_after_ms").asInt(-1));
			assertThat(delays).hasSizeGreaterThan(2).allSatisfy((delay) -> assertThat(delay).isBetween(0, 3000));
			HandshakeRejectedException refused = catchThrowableOfType(HandshakeRejectedException.class,
					ResumableWsTestClient.builder(server.uri()).tokens(Tokens.ISSUER).user("late")::connect);
			assertThat(refused.status()).isEqualTo(503);
			assertThat(Integer.parseInt(refused.headers().firstValue("Retry-After").orElseThrow())).isPositive();
			client.sendOnce(Map.of("type", "user_message", "content", "Too late", "idempotency_key",
					UUID.randomUUID().toString()));
			assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("unavailable");
			assertThat(client.isConnected()).isTrue();
			gate.open();
			assertThat(client.awaitEvent("assistant_message").payload().path("content").asString(""))
				.isEqualTo("One two three");
			assertThat(client.awaitClose().code()).isEqualTo(1012);
			idle.forEach((each) -> assertThat(each.awaitClose().code()).isEqualTo(1012));
			assertThat(stopped).succeedsWithin(PATIENCE);
		}
		finally {
			server.close();
			idle.forEach(ResumableWsTestClient::close);
		}
	}

	@Test
	void aReplyThatDoesNotEndInTimeContinuesAfterTheNextStart() {
		Gate gate = new Gate();
		this.model.answer(OpenAiAnswer.of("One", " two").pacedBy(gate));
		TestServer server = server("10s", "1s");
		UUID session;
		String lost;
		try (ResumableWsTestClient client = connect(server, "bob")) {
			session = client.sessionId();
			ask(client);
			gate.release(1);
			lost = client.awaitEvent("assistant_delta").payload().path("message_id").asString("");
			CompletableFuture<Void> stopped = CompletableFuture.runAsync(server::close);
			assertThat(client.awaitClose().code()).isEqualTo(1012);
			assertThat(stopped).succeedsWithin(PATIENCE);
			assertThat(client.frames()).noneMatch((message) -> message.json().toString().contains("assistant_failed"));
		}
		finally {
			server.close();
		}
		this.model.answer(OpenAiAnswer.of("One", " two"));
		try (TestServer next = server("10s", "1s");
				ResumableWsTestClient client = ResumableWsTestClient.builder(next.uri())
					.tokens(Tokens.ISSUER)
					.user("bob")
					.session(session)
					.timeout(PATIENCE)
					.connect()) {
			assertThat(client.await(ServerFrame.SessionInit.class).isResumed()).isTrue();
			JsonNode message = client.awaitEvent("assistant_message").payload();
			assertThat(message.path("content").asString("")).isEqualTo("One two");
			assertThat(message.path("message_id").asString("")).isNotEqualTo(lost);
		}
	}

	@Test
	void aClientThatDoesNotReadDoesNotDelayTheShutdown() {
		TestServer server = server("5s", "1s");
		try (RawWebSocketClient stuck = RawWebSocketClient.to(server.uri())
			.query("token", Tokens.forUser("carol"))
			.receiveBuffer(8192)
			.connect(); ResumableWsTestClient client = connect(server, "dave")) {
			UUID session = UUID.fromString(stuck.next().path("session_id").asString(""));
			stuck.await("replay_complete");
			client.await("replay_complete");
			stuck.pauseReading();
			List<CompletableFuture<?>> appends = new ArrayList<>();
			EventLog log = server.bean(EventLog.class);
			for (int i = 0; i < 1000; i++) {
				appends.add(log.append(AppendRequest.of(session, "tick", "{\"text\":\"" + "x".repeat(10_000) + "\"}")));
			}
			appends.forEach(CompletableFuture::join);
			long begin = System.nanoTime();
			CompletableFuture<Void> stopped = CompletableFuture.runAsync(server::close);
			assertThat(client.awaitClose().code()).isEqualTo(1012);
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(8));
			assertThat(stopped).succeedsWithin(PATIENCE);
			// five seconds for the drain, and the time to stop the rest of the
			// application
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(15));
			stuck.resumeReading();
			assertThat(stuck.awaitClose()).isIn(1012, RawWebSocketClient.NO_CLOSE_FRAME);
		}
		finally {
			server.close();
		}
	}

	@Test
	void anIdleServerStopsAtOnce() {
		TestServer server = server("20s", "10s");
		try (ResumableWsTestClient client = connect(server, "erin")) {
			client.await("replay_complete");
			long begin = System.nanoTime();
			CompletableFuture<Void> stopped = CompletableFuture.runAsync(server::close);
			assertThat(client.awaitClose().code()).isEqualTo(1012);
			assertThat(client.frames().get(client.frames().size() - 1).type()).isEqualTo("server_restarting");
			assertThat(stopped).succeedsWithin(PATIENCE);
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
		}
		finally {
			server.close();
		}
	}

	private TestServer server(String timeout, String replyGrace) {
		return TestServer.builder()
			.jetty(this.jetty)
			.database(this.database)
			.model(this.model)
			.properties("resumable-ws.shutdown.timeout", timeout, "resumable-ws.shutdown.reply-grace", replyGrace,
					"resumable-ws.shutdown.reconnect-window", "3s")
			.start();
	}

	private static ResumableWsTestClient connect(TestServer server, String user) {
		return ResumableWsTestClient.builder(server.uri()).tokens(Tokens.ISSUER).user(user).timeout(PATIENCE).connect();
	}

	private static void ask(ResumableWsTestClient client) {
		client.sendOnce(
				Map.of("type", "user_message", "content", "Count", "idempotency_key", UUID.randomUUID().toString()));
		client.await("ack");
	}

}
