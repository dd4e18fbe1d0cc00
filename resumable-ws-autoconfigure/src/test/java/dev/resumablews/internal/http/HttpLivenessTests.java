package dev.resumablews.internal.http;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import dev.resumablews.CloseCode;
import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.admission.Connections;
import dev.resumablews.internal.connection.Connection;
import dev.resumablews.testing.HttpResponse;
import dev.resumablews.testing.HttpTestClient;
import dev.resumablews.testing.RecordedCloses;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestInstance;

import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests clients over HTTP that are silent, gone or slow. The web server has only four
 * threads, and none of these clients holds one.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class HttpLivenessTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final int SLOW = 8;

	private final boolean jetty;

	private TestServer server;

	private RecordedCloses closes;

	HttpLivenessTests(boolean jetty) {
		this.jetty = jetty;
	}

	@BeforeAll
	void start() {
		this.server = TestServer.builder()
			.jetty(this.jetty)
			.with(RecordedCloses.class)
			.properties("resumable-ws.connection.heartbeat-interval", "300ms",
					"resumable-ws.connection.heartbeat-timeout", "2s", "resumable-ws.connection.send-timeout", "2s",
					"resumable-ws.auth.jwt.clock-skew", "0s",
					// so that a frame is one event, which can take ten seconds at 1 kB/s
					"resumable-ws.connection.max-send-size", "4KB", "resumable-ws.user.messages-per-second", "0",
					"resumable-ws.user.replay-per-second", "0", "server.tomcat.threads.max", "4",
					"server.jetty.threads.max", "12")
			.start();
		this.closes = this.server.bean(RecordedCloses.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@BeforeEach
	void awaitNoConnections() {
		await().atMost(PATIENCE).until(() -> rows() == 0 && this.server.bean(Connections.class).all().isEmpty());
		this.closes.clear();
	}

	@Test
	void aClientThatOnlyReadsStaysConnected() {
		try (HttpTestClient client = sse("alice").connect()) {
			long connected = System.nanoTime();
			await().atMost(PATIENCE)
				.until(() -> client.comments() >= 5 && System.nanoTime() - connected > Duration.ofSeconds(3).toNanos());
			assertThat(client.isOpen()).isTrue();
			assertThat(this.closes.codes()).isEmpty();
			assertThat(rows()).isEqualTo(1);
		}
	}

	@Test
	void aClosedConnectionIsDetected() {
		HttpTestClient aborted = sse("bob").connect();
		HttpTestClient closed = sse("bob").connect();
		aborted.await("replay_complete");
		closed.await("replay_complete");
		await().atMost(PATIENCE).until(() -> rows() == 2);
		aborted.abort();
		closed.close();
		await().atMost(PATIENCE).until(() -> rows() == 0);
	}

	@Test
	void theStreamEndsWhenItsTokenExpires() {
		try (HttpTestClient client = HttpTestClient.sse(this.server.uri())
			.query("token", Tokens.expiring("carol", Instant.now().plusSeconds(2)))
			.connect()) {
			client.await("replay_complete");
			assertThat(client.awaitClose()).isEqualTo(4401);
			assertThat(client.lines()).last()
				.isEqualTo("data: {\"type\":\"close\",\"code\":4401,\"reason\":\"unauthorized\"}");
		}
	}

	@Test
	void clientsThatStopReadingOccupyNoThreadAndAreClosed() {
		String session = session("dave");
		List<HttpTestClient> slow = new ArrayList<>();
		for (int i = 0; i < SLOW; i++) {
			HttpTestClient client = sse("dave").query("sessionId", session)
				.receiveBuffer(4096)
				.timeout(PATIENCE)
				.connect();
			client.await("replay_complete");
			client.pauseReading();
			slow.add(client);
		}
		// without the connection that opened the session
		await().atMost(PATIENCE).until(() -> this.server.bean(Connections.class).all().size() == SLOW);
		try {
			List<Connection> connections = List.copyOf(this.server.bean(Connections.class).all());
			CompletableFuture<Void> published = CompletableFuture.runAsync(() -> {
				for (int i = 0; i < 15; i++) {
					publish(session, 100, "x".repeat(10_000));
				}
			});
			await().atMost(PATIENCE)
				.pollInterval(Duration.ofMillis(20))
				.untilAsserted(() -> assertThat(connections).extracting(Connection::closing)
					.containsOnly(CloseCode.TRY_AGAIN_LATER));
			try (HttpTestClient other = sse("erin").connect()) {
				other.await("replay_complete");
				other.send("{\"type\":\"ping\"}");
				assertThat(other.await("pong")).isNotNull();
			}
			await().atMost(PATIENCE).until(() -> this.server.bean(Connections.class).all().isEmpty());
			assertThat(published).succeedsWithin(PATIENCE);
			assertThat(this.closes.codes()).filteredOn((code) -> code == 1013).hasSize(SLOW);
			slow.forEach(HttpTestClient::resumeReading);
			slow.forEach((client) -> assertThat(client.awaitClose()).isEqualTo(HttpTestClient.NO_CLOSE_FRAME));
		}
		finally {
			slow.forEach(HttpTestClient::close);
		}
	}

	@Test
	void slowRequestBodiesOccupyNoThreadAndTimeOut() throws IOException {
		String session = session("frank");
		List<Socket> slow = new ArrayList<>();
		for (int i = 0; i < SLOW; i++) {
			Socket socket = new Socket("localhost", this.server.port());
			socket.setSoTimeout((int) PATIENCE.toMillis());
			// half of them have no token
			String token = (i % 2 == 0) ? "Authorization: Bearer " + Tokens.forUser("frank") + "\r\n" : "";
			socket.getOutputStream()
				.write(("POST /ws/messages?sessionId=" + session + " HTTP/1.1\r\nHost: localhost\r\n" + token
						+ "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"type\":")
					.getBytes(StandardCharsets.UTF_8));
			slow.add(socket);
		}
		try (HttpTestClient other = sse("grace").connect()) {
			other.await("replay_complete");
			other.send("{\"type\":\"ping\"}");
			assertThat(other.await("pong")).isNotNull();
			for (Socket socket : slow) {
				assertThat(HttpResponse.read(socket, "POST").status()).isEqualTo(408);
				assertThat(socket.getInputStream().read()).isEqualTo(-1);
				socket.close();
			}
			assertThat(other.isOpen()).isTrue();
		}
	}

	@Test
	void aServerThatDrainsSendsTheTimeToReconnect() {
		try (TestServer stopping = TestServer.builder()
			.jetty(this.jetty)
			.properties("resumable-ws.shutdown.reconnect-window", "900ms")
			.start();
				HttpTestClient client = HttpTestClient.sse(stopping.uri())
					.query("token", Tokens.forUser("heidi"))
					.timeout(PATIENCE)
					.connect();
				HttpTestClient poll = HttpTestClient.longPoll(stopping.uri())
					.query("token", Tokens.forUser("heidi"))
					.timeout(PATIENCE)
					.connect()) {
			client.await("replay_complete");
			poll.await("replay_complete");
			stopping.context().close();
			int wait = client.await("server_restarting").path("reconnect_after_ms").asInt(-1);
			assertThat(wait).isBetween(0, 900);
			assertThat(client.lines()).contains("retry: " + wait);
			assertThat(client.awaitClose()).isEqualTo(1012);
			assertThat(poll.await("server_restarting")).isNotNull();
		}
	}

	private long rows() {
		return this.server.bean(JdbcClient.class)
			.sql("select count(*) from ws_live_connections")
			.query(Long.class)
			.single();
	}

	private HttpTestClient.Builder sse(String user) {
		return HttpTestClient.sse(this.server.uri()).query("token", Tokens.forUser(user));
	}

	private String session(String user) {
		try (HttpTestClient client = sse(user).connect()) {
			return client.next().path("session_id").asString("");
		}
	}

	private void publish(String session, int events, String text) {
		ResumableSessions sessions = this.server.bean(ResumableSessions.class);
		CompletableFuture
			.allOf(Stream.generate(() -> sessions.publishAsync(UUID.fromString(session), "tick", Map.of("text", text)))
				.limit(events)
				.toArray(CompletableFuture[]::new))
			.join();
	}

}
