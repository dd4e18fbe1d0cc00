package dev.resumablews.internal.admission;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

import dev.resumablews.ResumableSessions;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.RecordedCloses;
import dev.resumablews.testing.TestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.Transport;
import dev.resumablews.testing.UpgradeRejectedException;
import dev.resumablews.testing.WsFrame;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the limits on messages and connections.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class LimitsTests {

	private static final Duration PATIENCE = Duration.ofSeconds(40);

	private final boolean jetty;

	private TestServer server;

	private final ExecutorService threads = Executors.newFixedThreadPool(16);

	private RecordedCloses closes;

	LimitsTests(boolean jetty) {
		this.jetty = jetty;
	}

	@BeforeAll
	void start() {
		this.server = TestServer.builder()
			.jetty(this.jetty)
			.with(RecordedCloses.class)
			.properties("resumable-ws.user.messages-per-second", "1", "resumable-ws.user.message-burst", "20",
					"resumable-ws.connection.max-per-session", "2", "resumable-ws.connection.max-per-user", "4",
					"resumable-ws.connection.max-total", "6", "resumable-ws.connection.max-message-size", "10KB",
					"resumable-ws.connection.heartbeat-interval", "500ms")
			.start();
		this.closes = this.server.bean(RecordedCloses.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
		this.threads.shutdown();
	}

	@BeforeEach
	void awaitNoConnections() {
		await().atMost(PATIENCE).until(() -> this.server.bean(Connections.class).all().isEmpty());
		this.closes.clear();
	}

	@Test
	void aClientThatExceedsTheMessageRateIsClosed() {
		try (RawWebSocketClient client = connect("alice"); RawWebSocketClient other = connect("bob")) {
			client.await("replay_complete");
			sendWhileOpen(client, "{\"type\":\"ping\"}", 60);
			assertThat(client.awaitClose()).isEqualTo(4429);
			assertThat(client.messages().stream().filter((each) -> each.path("type").asString("").equals("pong")))
				.hasSizeBetween(20, 40);
			other.send("{\"type\":\"ping\"}");
			assertThat(other.await("pong")).isNotNull();
		}
	}

	@Test
	void aClientThatContinuesToSendAfterItsCloseIsCutOff() {
		try (RawWebSocketClient client = connect("otto"); RawWebSocketClient other = connect("bob")) {
			client.await("replay_complete");
			client.pauseReading();
			byte[] frame = ("{\"type\":\"ping\",\"padding\":\"" + "x".repeat(8000) + "\"}")
				.getBytes(StandardCharsets.UTF_8);
			int sent = 0;
			try {
				for (; sent < 20_000; sent++) {
					client.send(WsFrame.TEXT, frame);
				}
			}
			catch (IllegalStateException ex) {
				// the server has ended the connection
			}
			// the messages that were read, and those in the buffers of the network
			assertThat(sent).isLessThan(10_000);
			other.send("{\"type\":\"ping\"}");
			assertThat(other.await("pong")).isNotNull();
		}
	}

	@ParameterizedTest
	@EnumSource(mode = Mode.EXCLUDE, names = "LONG_POLL")
	void theOldestConnectionOfASessionIsClosedForANewOne(Transport transport) {
		try (TestClient first = to(transport, "carol").connect()) {
			String session = first.next().path("session_id").asString("");
			try (TestClient second = to(transport, "carol").query("sessionId", session).connect()) {
				second.await("replay_complete");
				try (TestClient third = to(transport, "carol").query("sessionId", session).connect()) {
					assertThat(first.awaitClose()).isEqualTo(4409);
					this.server.bean(ResumableSessions.class).publish(UUID.fromString(session), "tick", Map.of("n", 1));
					assertThat(second.await("tick")).isNotNull();
					assertThat(third.await("tick")).isNotNull();
				}
			}
		}
	}

	@ParameterizedTest
	@EnumSource(mode = Mode.EXCLUDE, names = "LONG_POLL")
	void connectionsOfAUserAreLimited(Transport transport) {
		List<TestClient> clients = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			clients.add(to(transport, "dave").connect());
			clients.get(i).await("replay_complete");
		}
		UpgradeRejectedException refused = to(transport, "dave").connectRefused();
		assertThat(refused.status()).isEqualTo(429);
		assertThat(retryAfter(refused)).isBetween(1, 60);
		to(transport, "erin").connect().close();
		clients.remove(0).close();
		await().atMost(PATIENCE)
			.ignoreExceptionsInstanceOf(UpgradeRejectedException.class)
			.until(() -> clients.add(to(transport, "dave").connect()));
		clients.forEach(TestClient::close);
	}

	@ParameterizedTest
	@EnumSource(mode = Mode.EXCLUDE, names = "LONG_POLL")
	void connectionsOfTheServerAreLimited(Transport transport) {
		List<TestClient> clients = new ArrayList<>();
		for (int i = 0; i < 6; i++) {
			clients.add(to(transport, "user" + i).connect());
			clients.get(i).await("replay_complete");
		}
		UpgradeRejectedException refused = to(transport, "frank").connectRefused();
		assertThat(refused.status()).isEqualTo(503);
		assertThat(retryAfter(refused)).isBetween(1, 60);
		clients.remove(0).close();
		await().atMost(PATIENCE)
			.ignoreExceptionsInstanceOf(UpgradeRejectedException.class)
			.until(() -> clients.add(to(transport, "frank").connect()));
		clients.forEach(TestClient::close);
	}

	@Test
	void aFragmentedMessageIsLimitedByItsTotalSize() {
		try (RawWebSocketClient client = connect("grace")) {
			String key = UUID.randomUUID().toString();
			client.sendFragmented(userMessage(key, "x".repeat(9_000)), 100);
			assertThat(client.await("ack").path("idempotency_key").asString("")).isEqualTo(key);
			assertThat(client.isOpen()).isTrue();
			sendFragmentedWhileOpen(client, userMessage(UUID.randomUUID().toString(), "x".repeat(20_000)));
			assertThat(client.awaitClose()).isEqualTo(1009);
		}
		await().atMost(PATIENCE).until(() -> this.closes.codes().contains(1009));
	}

	@Test
	void messagesAfterATooLargeOneAreIgnored() {
		try (RawWebSocketClient client = connect("heidi")) {
			String session = client.next().path("session_id").asString("");
			sendFragmentedWhileOpen(client, userMessage(UUID.randomUUID().toString(), "é".repeat(9_000)));
			sendWhileOpen(client, userMessage(UUID.randomUUID().toString(), "short"), 1);
			assertThat(client.awaitClose()).isEqualTo(1009);
			assertThat(this.server.bean(ResumableSessions.class).history(UUID.fromString(session), 0, 10)).isEmpty();
		}
	}

	@Test
	void aClientThatDoesNotReadTheAnswersToItsMessagesIsClosed() {
		try (TestServer unlimited = TestServer.builder()
			.jetty(this.jetty)
			.with(RecordedCloses.class)
			.properties("resumable-ws.user.messages-per-second", "0", "resumable-ws.user.frames-per-second", "0",
					"resumable-ws.user.size-per-second", "0", "resumable-ws.connection.send-timeout", "1s")
			.start();
				RawWebSocketClient greedy = RawWebSocketClient.to(unlimited.uri())
					.query("token", Tokens.forUser("ivan"))
					.receiveBuffer(4096)
					.connect();
				RawWebSocketClient other = RawWebSocketClient.to(unlimited.uri())
					.query("token", Tokens.forUser("judy"))
					.connect()) {
			greedy.await("replay_complete");
			greedy.pauseReading();
			sendWhileOpen(greedy, "{\"type\":\"ping\",\"t\":\"" + "x".repeat(62) + "\"}", 200_000);
			other.send("{\"type\":\"ping\"}");
			assertThat(other.await("pong")).isNotNull();
			await().atMost(PATIENCE).until(() -> unlimited.bean(RecordedCloses.class).codes().equals(List.of(1013)));
		}
	}

	@Test
	void theValueThatAPongEchoesIsLimited() {
		try (RawWebSocketClient client = connect("ken")) {
			for (String t : List.of("\"" + "x".repeat(63) + "\"", "1" + "0".repeat(64), "[" + "1,".repeat(40) + "1]")) {
				client.send("{\"type\":\"ping\",\"t\":" + t + "}");
				assertThat(client.await("error").path("code").asString("")).isEqualTo("invalid");
			}
			for (String t : List.of("\"" + "x".repeat(62) + "\"", "1.5", "null", "{\"a\":[1,2]}")) {
				client.send("{\"type\":\"ping\",\"t\":" + t + "}");
				assertThat(client.await("pong").path("t").toString()).isEqualTo(t);
			}
		}
	}

	@Test
	void concurrentHandshakesAreNotAdmittedToTheSamePlace() {
		List<CompletableFuture<RawWebSocketClient>> handshakes = Stream
			.generate(() -> CompletableFuture.supplyAsync(() -> connect("mia"), this.threads))
			.limit(16)
			.toList();
		List<RawWebSocketClient> admitted = new ArrayList<>();
		for (CompletableFuture<RawWebSocketClient> handshake : handshakes) {
			try {
				admitted.add(handshake.join());
			}
			catch (CompletionException ex) {
				assertThat(ex).hasCauseInstanceOf(UpgradeRejectedException.class);
			}
		}
		assertThat(admitted).hasSize(4);
		admitted.forEach(RawWebSocketClient::close);
	}

	@Test
	void aFailedUpgradeReleasesItsPlace() {
		for (int i = 0; i < 10; i++) {
			assertThat(to("nina").header("Sec-WebSocket-Version", "12").connectRefused().status()).isEqualTo(426);
		}
		List<RawWebSocketClient> admitted = new ArrayList<>();
		for (int i = 0; i < 4; i++) {
			admitted.add(connect("nina"));
		}
		assertThat(to("nina").connectRefused().status()).isEqualTo(429);
		admitted.forEach(RawWebSocketClient::close);
	}

	@Test
	void noExtensionIsNegotiated() {
		try (RawWebSocketClient client = RawWebSocketClient.to(this.server.uri())
			.query("token", Tokens.forUser("leo"))
			.header("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits, x-webkit-deflate-frame")
			.connect()) {
			assertThat(client.responseHeader("Sec-WebSocket-Extensions")).isNull();
			client.await("replay_complete");
			client.send("{\"type\":\"ping\",\"t\":1}");
			assertThat(client.await("pong").path("t").asInt()).isEqualTo(1);
		}
	}

	private static void sendWhileOpen(RawWebSocketClient client, String message, int times) {
		try {
			for (int i = 0; i < times; i++) {
				client.send(message);
			}
		}
		catch (IllegalStateException ex) {
			// closed by the server
		}
	}

	private static void sendFragmentedWhileOpen(RawWebSocketClient client, String message) {
		try {
			client.sendFragmented(message, 50);
		}
		catch (IllegalStateException ex) {
			// closed by the server
		}
	}

	private static String userMessage(String key, String content) {
		return "{\"type\":\"user_message\",\"idempotency_key\":\"" + key + "\",\"content\":\"" + content + "\"}";
	}

	private static int retryAfter(UpgradeRejectedException refused) {
		return Integer.parseInt(refused.headers().get("Retry-After").get(0));
	}

	private TestClient.Builder to(Transport transport, String user) {
		return transport.to(this.server.uri()).query("token", Tokens.forUser(user)).timeout(PATIENCE);
	}

	private RawWebSocketClient connect(String user) {
		return to(user).connect();
	}

	private RawWebSocketClient.Builder to(String user) {
		return RawWebSocketClient.to(this.server.uri()).query("token", Tokens.forUser(user)).timeout(PATIENCE);
	}

}
