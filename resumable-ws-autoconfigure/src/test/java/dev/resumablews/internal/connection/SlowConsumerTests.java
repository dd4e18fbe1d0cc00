package dev.resumablews.internal.connection;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

import dev.resumablews.CloseCode;
import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.admission.Connections;
import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.log.EventLog;
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
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that clients that stop reading cost the server no memory and do not affect other
 * clients.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class SlowConsumerTests {

	private static final Duration PATIENCE = Duration.ofSeconds(120);

	private static final int EVENTS = 5000;

	private static final int EVENTS_AT_ONCE = 100;

	private static final String TEN_KILOBYTES = "x".repeat(10_000);

	private static final long MEGABYTE = 1024 * 1024;

	private final boolean jetty;

	private TestServer server;

	private RecordedCloses closes;

	SlowConsumerTests(boolean jetty) {
		this.jetty = jetty;
	}

	@BeforeAll
	void start() {
		this.server = TestServer.builder()
			.jetty(this.jetty)
			.with(RecordedCloses.class)
			.properties("resumable-ws.connection.send-timeout", "3s")
			.start();
		this.closes = this.server.bean(RecordedCloses.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@BeforeEach
	void awaitNoConnections() {
		await().atMost(PATIENCE)
			.until(() -> this.server.bean(Connections.class).all().isEmpty() && this.closes.open() == 0);
		this.closes.clear();
	}

	@Test
	void aClientThatStopsReadingCostsNoMemoryAndGetsEverythingWhenItReconnects() {
		UUID slowSession = newSession("slow");
		UUID otherSession = newSession("other");
		long seen;
		try (RawWebSocketClient slow = connect("slow", slowSession);
				EventCounter other = new EventCounter(uri("other", otherSession, 0), 0)) {
			slow.await("replay_complete");
			Connection connection = connectionTo(slowSession);
			slow.pauseReading();
			long heapBefore = usedHeap();
			CompletableFuture<Void> published = CompletableFuture
				.runAsync(() -> publish(EVENTS, List.of(slowSession, otherSession)));
			await().atMost(PATIENCE)
				.pollInterval(Duration.ofMillis(20))
				.until(() -> connection.closing() == CloseCode.TRY_AGAIN_LATER);
			slow.resumeReading();
			assertThat(slow.awaitClose()).as(() -> "%s".formatted(slow.failure())).isEqualTo(1013);
			seen = lastEventId(slow);
			assertThat(published).succeedsWithin(PATIENCE);
			await().atMost(PATIENCE).until(() -> other.last() == EVENTS);
			assertThat(usedHeap() - heapBefore).isLessThan(30 * MEGABYTE);
			await().untilAsserted(() -> assertThat(this.closes.codes()).containsExactly(1013));
		}
		assertThat(seen).isBetween(1L, EVENTS - 1L);
		try (EventCounter again = new EventCounter(uri("slow", slowSession, seen), seen)) {
			await().atMost(PATIENCE).until(() -> again.last() == EVENTS);
		}
	}

	/**
	 * A close frame cannot overtake a frame that is partly in the buffers of the network.
	 * Therefore, a client that never reads again receives the end of the connection
	 * instead of a close code.
	 */
	@Test
	void clientsThatNeverReadAgainAreClosedAndDelayNoOtherClient() {
		UUID closed = newSession("closed");
		UUID session = newSession("stuck");
		List<RawWebSocketClient> stuck = new ArrayList<>();
		for (int i = 0; i < 8; i++) {
			RawWebSocketClient client = connect("stuck", session);
			client.await("replay_complete");
			client.pauseReading();
			stuck.add(client);
		}
		List<Connection> slow = connectionsTo(session);
		publish(EVENTS / 5, List.of(session));
		await().atMost(PATIENCE)
			.pollInterval(Duration.ofMillis(20))
			.until(() -> slow.stream().anyMatch((each) -> each.closing() == CloseCode.TRY_AGAIN_LATER));
		try (RawWebSocketClient client = connect("closed", closed)) {
			client.await("replay_complete");
			this.server.bean(ResumableSessions.class).close(closed);
			assertThat(client.awaitClose()).isEqualTo(1000);
		}
		await().atMost(PATIENCE).until(() -> this.server.bean(Connections.class).all().isEmpty());
		await().untilAsserted(
				() -> assertThat(this.closes.codes()).hasSize(9).containsOnlyOnce(1000).containsOnly(1000, 1013));
		stuck.forEach(RawWebSocketClient::resumeReading);
		for (RawWebSocketClient client : stuck) {
			assertThat(client.awaitClose()).isIn(1013, RawWebSocketClient.NO_CLOSE_FRAME);
			client.close();
		}
	}

	private void publish(int events, List<UUID> sessions) {
		EventLog log = this.server.bean(EventLog.class);
		List<CompletableFuture<AppendResult>> appends = new ArrayList<>();
		for (int i = 1; i <= events; i++) {
			for (UUID session : sessions) {
				appends.add(log
					.append(AppendRequest.of(session, "tick", "{\"n\":" + i + ",\"text\":\"" + TEN_KILOBYTES + "\"}")));
			}
			if (i % EVENTS_AT_ONCE == 0) {
				appends.forEach(CompletableFuture::join);
				appends.clear();
			}
		}
	}

	private Connection connectionTo(UUID session) {
		return connectionsTo(session).get(0);
	}

	/**
	 * Returns whether a connection belongs to a session; false while the session is being
	 * opened.
	 */
	private static boolean isOf(Connection connection, UUID session) {
		try {
			return connection.sessionId().equals(session);
		}
		catch (IllegalStateException ex) {
			return false;
		}
	}

	private List<Connection> connectionsTo(UUID session) {
		return this.server.bean(Connections.class)
			.all()
			.stream()
			.filter((connection) -> isOf(connection, session))
			.toList();
	}

	private UUID newSession(String user) {
		try (RawWebSocketClient client = RawWebSocketClient.to(this.server.uri())
			.query("token", Tokens.forUser(user))
			.connect()) {
			UUID session = UUID.fromString(client.next().path("session_id").asString(""));
			client.sendClose(1000);
			client.awaitClose();
			awaitNoConnections();
			return session;
		}
	}

	private RawWebSocketClient connect(String user, UUID session) {
		return RawWebSocketClient.to(this.server.uri())
			.query("token", Tokens.forUser(user))
			.query("sessionId", session)
			.receiveBuffer(8192)
			.timeout(PATIENCE)
			.connect();
	}

	private URI uri(String user, UUID session, long lastEventId) {
		return URI.create("%s?token=%s&sessionId=%s&lastEventId=%d".formatted(this.server.uri(), Tokens.forUser(user),
				session, lastEventId));
	}

	/**
	 * Asserts that the ids of events are consecutive, and returns the last one.
	 */
	private static long lastEventId(RawWebSocketClient client) {
		long last = 0;
		for (JsonNode message : client.messages()) {
			if (message.has("event_id")) {
				assertThat(message.path("event_id").asLong(0)).isEqualTo(last + 1);
				last++;
			}
		}
		return last;
	}

	private static long usedHeap() {
		System.gc();
		Runtime runtime = Runtime.getRuntime();
		return runtime.totalMemory() - runtime.freeMemory();
	}

}
