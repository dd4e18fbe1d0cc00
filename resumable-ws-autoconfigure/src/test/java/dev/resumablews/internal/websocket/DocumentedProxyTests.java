package dev.resumablews.internal.websocket;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.admission.Connections;
import dev.resumablews.testing.DocumentedProxy;
import dev.resumablews.testing.HttpTestClient;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestClient;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.Transport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the statements of docs/deployment.md about proxies, with its configurations.
 */
@NotUnderFaults("A node whose health is asked for must be healthy")
@TestInstance(Lifecycle.PER_CLASS)
class DocumentedProxyTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final String TIMEOUT = "2s";

	private TestServer first;

	private TestServer second;

	@BeforeAll
	void start() {
		String database = TestPostgres.createDatabase();
		this.first = node(database, "250ms");
		this.second = node(database, "250ms");
	}

	@AfterAll
	void stop() {
		this.first.close();
		this.second.close();
	}

	@ParameterizedTest
	@MethodSource("proxiesAndTransports")
	void everyTransportGetsThroughAndOutlivesTheIdleTimeout(String program, Transport transport) {
		try (DocumentedProxy proxy = start(program); TestClient client = connect(transport, proxy)) {
			UUID session = UUID.fromString(client.next().path("session_id").asString());
			client.await("replay_complete");
			if (client instanceof RawWebSocketClient webSocket) {
				await().atMost(PATIENCE).until(() -> webSocket.pingsReceived() > 12);
			}
			if (transport == Transport.SSE) {
				await().atMost(PATIENCE).until(() -> ((HttpTestClient) client).comments() > 12);
			}
			this.first.bean(ResumableSessions.class).publish(session, "tick", Map.of());
			assertThat(client.await("tick").path("event_id").asInt()).isEqualTo(1);
			client.send(Map.of("type", "user_message", "content", "hello", "idempotency_key",
					UUID.randomUUID().toString()));
			assertThat(client.await("ack").path("event_id").asInt()).isEqualTo(2);
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "nginx", "haproxy" })
	void aHeartbeatLongerThanTheIdleTimeoutLosesTheConnection(String program) {
		Assumptions.assumeTrue(DocumentedProxy.isInstalled(program), () -> program + " is not installed");
		try (TestServer silent = node(TestPostgres.createDatabase(), "30s");
				DocumentedProxy proxy = DocumentedProxy.start(program, TIMEOUT, silent.port(), silent.port());
				TestClient client = connect(Transport.WEBSOCKET, proxy)) {
			client.await("replay_complete");
			assertThat(client.awaitClose()).isEqualTo(TestClient.NO_CLOSE_FRAME);
		}
	}

	@Test
	void haproxyDrainsANodeAndKeepsItsConnections() {
		try (DocumentedProxy proxy = start("haproxy"); TestClient client = connect(Transport.WEBSOCKET, proxy)) {
			UUID session = UUID.fromString(client.next().path("session_id").asString());
			client.await("replay_complete");
			boolean onFirst = connections(this.first) == 1;
			TestServer drained = onFirst ? this.first : this.second;
			TestServer other = onFirst ? this.second : this.first;
			proxy.command("set server application/" + (onFirst ? "app1" : "app2") + " state drain");
			try (TestClient one = connect(Transport.WEBSOCKET, proxy);
					TestClient another = connect(Transport.WEBSOCKET, proxy)) {
				one.await("replay_complete");
				another.await("replay_complete");
				assertThat(connections(drained)).isEqualTo(1);
				assertThat(connections(other)).isEqualTo(2);
			}
			other.bean(ResumableSessions.class).publish(session, "tick", Map.of());
			client.await("tick");
		}
		await().atMost(PATIENCE).until(() -> connections(this.first) + connections(this.second) == 0);
	}

	@Test
	void haproxyRoutesClientsOfAStoppedNodeToTheOtherOne() {
		String database = TestPostgres.createDatabase();
		try (TestServer stopping = node(database, "25s"); TestServer staying = node(database, "25s")) {
			try (DocumentedProxy proxy = start("haproxy", stopping, staying)) {
				proxy.command("set server application/app2 state drain");
				UUID session;
				try (TestClient client = connect(Transport.WEBSOCKET, proxy)) {
					session = UUID.fromString(client.next().path("session_id").asString());
					client.await("replay_complete");
					stopping.bean(ResumableSessions.class).publish(session, "tick", Map.of());
					client.await("tick");
					proxy.command("set server application/app2 state ready");
					stopping.context().close();
					client.await("server_restarting");
					assertThat(client.awaitClose()).isEqualTo(1012);
				}
				try (TestClient client = Transport.WEBSOCKET.to(uri(proxy))
					.query("token", Tokens.forUser("alice"))
					.query("sessionId", session)
					.query("lastEventId", 1)
					.timeout(PATIENCE)
					.connect()) {
					assertThat(client.next().path("resumed").asBoolean()).isTrue();
				}
			}
		}
	}

	static Stream<Arguments> proxiesAndTransports() {
		return Stream.of("nginx", "haproxy")
			.flatMap((program) -> Stream.of(Transport.values()).map((transport) -> Arguments.of(program, transport)));
	}

	private DocumentedProxy start(String program) {
		return start(program, this.first, this.second);
	}

	private static DocumentedProxy start(String program, TestServer first, TestServer second) {
		Assumptions.assumeTrue(DocumentedProxy.isInstalled(program), () -> program + " is not installed");
		return DocumentedProxy.start(program, TIMEOUT, first.port(), second.port());
	}

	private static TestClient connect(Transport transport, DocumentedProxy proxy) {
		return transport.to(uri(proxy)).query("token", Tokens.forUser("alice")).timeout(PATIENCE).connect();
	}

	private static URI uri(DocumentedProxy proxy) {
		return URI.create("ws://localhost:" + proxy.port() + "/ws");
	}

	private static int connections(TestServer server) {
		return server.bean(Connections.class).all().size();
	}

	private static TestServer node(String database, String heartbeat) {
		return TestServer.builder()
			.database(database)
			.properties("resumable-ws.connection.heartbeat-interval", heartbeat,
					"resumable-ws.connection.heartbeat-timeout", "60s", "server.forward-headers-strategy", "native",
					"management.endpoint.health.probes.enabled", "true",
					"management.endpoint.health.group.readiness.include", "readinessState,resumableWs")
			.start();
	}

}
