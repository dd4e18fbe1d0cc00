package dev.resumablews.internal.connection;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.admission.Connections;
import dev.resumablews.testing.ChaosProxy;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.RecordedCloses;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests silent and vanished clients, and the rows of {@code ws_live_connections}.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class HeartbeatTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private final boolean jetty;

	private TestServer server;

	private RecordedCloses closes;

	private JdbcClient jdbc;

	HeartbeatTests(boolean jetty) {
		this.jetty = jetty;
	}

	@BeforeAll
	void start() {
		this.server = TestServer.builder()
			.jetty(this.jetty)
			.with(RecordedCloses.class)
			.properties("resumable-ws.connection.heartbeat-interval", "300ms",
					"resumable-ws.connection.heartbeat-timeout", "3s")
			.start();
		this.closes = this.server.bean(RecordedCloses.class);
		this.jdbc = this.server.bean(JdbcClient.class);
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
	void aSilentClientThatAnswersPingsStaysConnected() {
		try (RawWebSocketClient client = to(this.server.uri(), "alice").connect()) {
			assertThat(client.next().path("heartbeat_ms").asInt(0)).isEqualTo(300);
			long connected = System.nanoTime();
			await().atMost(PATIENCE)
				.until(() -> client.pingsReceived() >= 5
						&& System.nanoTime() - connected > Duration.ofSeconds(4).toNanos());
			assertThat(client.isOpen()).isTrue();
			assertThat(this.closes.codes()).isEmpty();
		}
	}

	@Test
	void aClientThatDoesNotAnswerPingsIsClosed() {
		try (RawWebSocketClient client = to(this.server.uri(), "bob").autoPong(false).connect()) {
			assertThat(client.awaitClose()).isEqualTo(4408);
			assertThat(client.pingsReceived()).isPositive();
		}
		await().atMost(PATIENCE).until(() -> this.closes.codes().equals(List.of(4408)));
	}

	@Test
	void messagesOfAClientCountAsASignOfLife() {
		try (RawWebSocketClient client = to(this.server.uri(), "carol").autoPong(false).connect()) {
			long connected = System.nanoTime();
			await().atMost(PATIENCE).pollInterval(Duration.ofMillis(200)).until(() -> {
				client.send("{\"type\":\"ping\"}");
				return System.nanoTime() - connected > Duration.ofSeconds(4).toNanos();
			});
			assertThat(client.isOpen()).isTrue();
		}
	}

	@Test
	void aClientBehindABrokenNetworkIsClosed() {
		try (ChaosProxy proxy = ChaosProxy.to(this.server.port());
				RawWebSocketClient client = to(URI.create("ws://localhost:" + proxy.port() + "/ws"), "dave")
					.connect()) {
			client.await("replay_complete");
			await().atMost(PATIENCE).until(() -> rows() == 1);
			proxy.stall();
			await().atMost(PATIENCE).until(() -> this.closes.codes().equals(List.of(4408)));
			await().atMost(PATIENCE).until(() -> rows() == 0);
			assertThat(this.server.bean(Connections.class).all()).isEmpty();
			proxy.resume();
			assertThat(client.awaitClose()).isEqualTo(4408);
		}
		assertThat(this.closes.codes()).containsExactly(4408);
	}

	@Test
	void aClientThatDoesNotAnswerACloseFrameIsDisconnected() throws IOException {
		try (Socket socket = new Socket("localhost", this.server.port())) {
			socket.setSoTimeout((int) PATIENCE.toMillis());
			socket.getOutputStream().write("""
					GET /ws?token=%s HTTP/1.1\r
					Host: localhost\r
					Connection: Upgrade\r
					Upgrade: websocket\r
					Sec-WebSocket-Version: 13\r
					Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r
					\r
					""".formatted(Tokens.forUser("frank")).getBytes(StandardCharsets.US_ASCII));
			assertThat(socket.getInputStream().readAllBytes()).contains(0x88);
		}
		await().atMost(PATIENCE).until(() -> this.closes.codes().equals(List.of(4408)));
	}

	@Test
	void aConnectionCanBeClosedWithACodeAfterALongSilence() {
		try (RawWebSocketClient client = to(this.server.uri(), "grace").connect()) {
			UUID session = UUID.fromString(client.next().path("session_id").asString(""));
			long connected = System.nanoTime();
			await().atMost(PATIENCE).until(() -> System.nanoTime() - connected > Duration.ofSeconds(6).toNanos());
			this.server.bean(ResumableSessions.class).close(session);
			assertThat(client.awaitClose()).isEqualTo(1000);
		}
	}

	@Test
	void liveConnectionsAreInsertedLeftUnchangedAndDeleted() {
		List<RawWebSocketClient> clients = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			clients.add(to(this.server.uri(), "erin").connect());
		}
		await().atMost(PATIENCE).until(() -> rows() == 20);
		UUID connection = UUID.fromString(clients.get(0).next().path("connection_id").asString(""));
		assertThat(this.jdbc.sql("select user_id from ws_live_connections where connection_id = ?")
			.param(connection)
			.query(String.class)
			.single()).isEqualTo("erin");
		List<String> versions = versions();
		for (int heartbeats = 0; heartbeats < 3; heartbeats++) {
			OffsetDateTime seen = nodeSeen();
			await().atMost(PATIENCE).until(() -> nodeSeen().isAfter(seen));
		}
		assertThat(versions()).as("unchanged by heartbeats").isEqualTo(versions);
		assertThat(this.server.bean(ResumableSessions.class).connectionCount("erin")).isEqualTo(20);
		RawWebSocketClient kept = clients.remove(0);
		clients.forEach(RawWebSocketClient::close);
		await().atMost(PATIENCE).until(() -> rows() == 1);
		assertThat(this.closes.codes()).hasSize(19).containsOnly(1000);
		kept.close();
	}

	private long rows() {
		return this.jdbc.sql("select count(*) from ws_live_connections").query(Long.class).single();
	}

	private List<String> versions() {
		return this.jdbc.sql("select xmin::text || ctid::text from ws_live_connections order by 1")
			.query(String.class)
			.list();
	}

	private OffsetDateTime nodeSeen() {
		return this.jdbc.sql("select max(last_seen_at) from ws_connected_nodes").query(OffsetDateTime.class).single();
	}

	private RawWebSocketClient.Builder to(URI uri, String user) {
		return RawWebSocketClient.to(uri).query("token", Tokens.forUser(user)).timeout(PATIENCE);
	}

}
