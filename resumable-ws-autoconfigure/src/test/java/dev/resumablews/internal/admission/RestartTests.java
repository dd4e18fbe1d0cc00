package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.HandshakeRejectedException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests an application context that is stopped and started, or paused and restarted, as
 * the test framework does with cached contexts.
 */
class RestartTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void clientsAreServedAfterAStopAndAStart(boolean jetty) {
		restart(jetty, ConfigurableApplicationContext::stop, ConfigurableApplicationContext::start);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void clientsAreServedAfterAPauseAndARestart(boolean jetty) {
		restart(jetty, ConfigurableApplicationContext::pause, ConfigurableApplicationContext::restart);
	}

	@Test
	void aPausedServerRejectsHandshakesUntilItIsRestarted() {
		try (TestServer server = server(false)) {
			server.context().pause();
			HandshakeRejectedException refused = catchThrowableOfType(HandshakeRejectedException.class,
					ResumableWsTestClient.builder(server.uri()).tokens(Tokens.ISSUER).user("ada")::connect);
			assertThat(refused.status()).isEqualTo(503);
			server.context().restart();
			assertServes(server);
		}
	}

	@Test
	void twoContextsInOneJvmRunAlternately() {
		try (TestServer one = server(false); TestServer two = server(true)) {
			for (int i = 0; i < 2; i++) {
				two.context().pause();
				assertServes(one);
				two.context().restart();
				one.context().pause();
				assertServes(two);
				one.context().restart();
			}
		}
	}

	@Test
	void aStoppedContextHasNoTimers() {
		try (TestServer server = server(false)) {
			assertThat(clocks()).isNotEmpty();
			server.context().stop();
			await().atMost(PATIENCE).until(() -> clocks().isEmpty());
		}
	}

	private static void restart(boolean jetty, Consumer<ConfigurableApplicationContext> stop,
			Consumer<ConfigurableApplicationContext> start) {
		try (TestServer server = server(jetty)) {
			assertServes(server);
			for (int i = 0; i < 2; i++) {
				try (ResumableWsTestClient client = connect(server)) {
					client.await("replay_complete");
					stop.accept(server.context());
					assertThat(client.awaitClose().code()).isEqualTo(1012);
				}
				start.accept(server.context());
				assertServes(server);
			}
		}
	}

	private static void assertServes(TestServer server) {
		JdbcClient jdbc = server.bean(JdbcClient.class);
		try (RawWebSocketClient client = RawWebSocketClient.to(server.uri())
			.query("token", Tokens.forUser("ada"))
			.timeout(PATIENCE)
			.connect()) {
			UUID session = UUID.fromString(client.await("session_init").path("session_id").asString());
			server.bean(ResumableSessions.class).publish(session, "tick", Map.of("n", 1));
			assertThat(client.await("tick").path("payload").path("n").asInt(0)).isEqualTo(1);
			client.send("{\"type\":\"ping\",\"t\":1}");
			client.await("pong");
			await().atMost(PATIENCE).until(() -> client.pingsReceived() > 0);
			await().atMost(PATIENCE).until(() -> live(jdbc) == 1);
			client.sendClose(1000);
			client.awaitClose();
		}
		await().atMost(PATIENCE).until(() -> live(jdbc) == 0);
	}

	private static TestServer server(boolean jetty) {
		return TestServer.builder()
			.jetty(jetty)
			.properties("resumable-ws.connection.heartbeat-interval", "300ms",
					"resumable-ws.connection.heartbeat-timeout", "20s", "resumable-ws.shutdown.timeout", "5s",
					"resumable-ws.shutdown.reply-grace", "1s")
			.start();
	}

	private static ResumableWsTestClient connect(TestServer server) {
		return ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user("ada")
			.timeout(PATIENCE)
			.connect();
	}

	private static long live(JdbcClient jdbc) {
		return jdbc.sql("select count(*) from ws_live_connections").query(Long.class).single();
	}

	private static List<Thread> clocks() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().equals("resumable-ws-clock"))
			.toList();
	}

}
