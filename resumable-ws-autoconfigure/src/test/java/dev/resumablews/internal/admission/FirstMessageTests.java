package dev.resumablews.internal.admission;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import dev.resumablews.ResumableSessions;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SecurityEvent;
import dev.resumablews.UserValidator;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.UpgradeRejectedException;
import dev.resumablews.testing.WsFrame;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests clients that authenticate with their first message instead of the handshake.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class FirstMessageTests {

	private static final Duration PATIENCE = Duration.ofSeconds(40);

	private static final String SOURCES = "resumable-ws.auth.token-sources";

	private static final String ALL_SOURCES = "header,subprotocol,cookie,query,message";

	private static final String OTHER_ADDRESS = "127.0.0.2";

	private final boolean jetty;

	private TestServer server;

	private Recorded recorded;

	FirstMessageTests(boolean jetty) {
		this.jetty = jetty;
	}

	@BeforeAll
	void start() {
		this.server = server("resumable-ws.auth.first-message-timeout", "30s",
				// short, so that the tests would notice a ping to an unauthenticated
				// client
				"resumable-ws.connection.heartbeat-interval", "100ms", "resumable-ws.connection.heartbeat-timeout",
				"30s");
		this.recorded = this.server.bean(Recorded.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@BeforeEach
	void awaitNoConnections() {
		assertNothingHeld(this.server);
		this.recorded.clear();
	}

	@Test
	void aClientAuthenticatesWithItsFirstMessageAndResumesWithTheSecond() {
		String session;
		try (RawWebSocketClient client = to(this.server).connect()) {
			awaitUnauthenticated(this.server, 1);
			awaitPingsToAuthenticatedClient();
			assertThat(client.frames()).isEmpty();
			client.send(auth(Tokens.forUser("alice")));
			JsonNode init = client.next();
			assertThat(init.path("type").asString()).isEqualTo("session_init");
			assertThat(init.path("resumed").asBoolean()).isFalse();
			session = init.path("session_id").asString();
			client.await("replay_complete");
			publish(session, 1);
			publish(session, 2);
			assertThat(client.await("tick").path("event_id").asInt()).isEqualTo(1);
			assertThat(client.await("tick").path("event_id").asInt()).isEqualTo(2);
			awaitUnauthenticated(this.server, 0);
		}
		try (RawWebSocketClient client = to(this.server).query("sessionId", session)
			.query("lastEventId", 1)
			.connect()) {
			client.send(auth(Tokens.forUser("alice")));
			assertThat(client.next().path("resumed").asBoolean()).isTrue();
			assertThat(client.await("tick").path("event_id").asInt()).isEqualTo(2);
		}
		try (RawWebSocketClient client = to(this.server).query("sessionId", session).connect()) {
			client.send(auth(Tokens.forUser("mallory")));
			assertThat(client.next().path("reason").asString()).isEqualTo("unknown_session");
		}
	}

	@ParameterizedTest
	@MethodSource("badMessages")
	void anyOtherFirstMessageIsAnsweredWithTheSameCloseCode(String message) {
		try (RawWebSocketClient client = to(this.server).connect()) {
			client.send(message);
			assertUnauthorized(client);
		}
	}

	static Stream<String> badMessages() {
		return Stream.of("", " ", "no JSON", "[]", "null", "7", "\"auth\"", "{}", "{\"type\":\"ping\"}",
				"{\"type\":\"resume\",\"lastEventId\":0}", "{\"type\":\"auth\"}", "{\"type\":\"auth\",\"token\":null}",
				"{\"type\":\"auth\",\"token\":5}", "{\"type\":\"AUTH\",\"token\":\"x\"}",
				"{\"type\":\"user_message\",\"content\":\"Hello\",\"idempotency_key\":\"" + UUID.randomUUID() + "\"}",
				auth(""), auth(" "), auth("x"), auth("a.b.c"), auth("a b"), auth("a\\r\\nb"), auth("é"),
				auth(Tokens.forUser("alice") + " "), auth("x".repeat(16 * 1024)), auth("x".repeat(16 * 1024 + 1)),
				auth(Tokens.forged("alice")), auth(Tokens.unsigned("alice")),
				auth(Tokens.expiring("alice", Instant.now().minusSeconds(120))),
				auth(Tokens.with("alice", (claims) -> claims.remove("exp"))), auth(Tokens.forUser(" ")),
				auth(Tokens.forUser("alice")) + auth(Tokens.forUser("alice")),
				"{\"type\":\"auth\",\"padding\":\"" + "x".repeat(20_000) + "\",\"token\":\"x\"}");
	}

	@Test
	void aBinaryFirstMessageIsRejected() {
		try (RawWebSocketClient client = to(this.server).connect()) {
			client.sendBinary(auth(Tokens.forUser("alice")).getBytes(StandardCharsets.UTF_8));
			assertUnauthorized(client);
		}
	}

	@Test
	void aPongBeforeTheFirstMessageIsRejected() {
		try (RawWebSocketClient client = to(this.server).connect()) {
			client.send(WsFrame.PONG, new byte[0]);
			assertUnauthorized(client);
		}
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 2, 7, 100 })
	void aFirstMessageCanBeFragmented(int bytes) {
		try (RawWebSocketClient client = to(this.server).connect()) {
			client.sendFragmented(auth(Tokens.forUser("alice")), bytes);
			assertThat(client.next().path("type").asString()).isEqualTo("session_init");
		}
	}

	@Test
	void aFragmentedFirstMessageIsLimitedInSize() {
		for (String piece : List.of("x".repeat(1000), "")) {
			try (RawWebSocketClient client = to(this.server).connect()) {
				client.send(new WsFrame(false, WsFrame.TEXT, "{".getBytes(StandardCharsets.UTF_8)));
				byte[] more = piece.getBytes(StandardCharsets.UTF_8);
				sendWhileOpen(client, new WsFrame(false, WsFrame.CONTINUATION, more));
				assertUnauthorized(client);
			}
		}
	}

	@Test
	void aClientThatSendsNoFirstMessageIsClosed() {
		try (TestServer hasty = server("resumable-ws.auth.first-message-timeout", "1s")) {
			long begin = System.nanoTime();
			try (RawWebSocketClient silent = to(hasty).connect();
					RawWebSocketClient pinging = to(hasty).connect();
					RawWebSocketClient dripping = to(hasty).connect()) {
				byte[] message = auth(Tokens.forUser("alice")).getBytes(StandardCharsets.UTF_8);
				dripping.send(new WsFrame(false, WsFrame.TEXT, new byte[] { message[0] }));
				for (int i = 1; i < message.length && dripping.isOpen(); i++) {
					pinging.ping();
					drip(dripping, message[i]);
				}
				for (RawWebSocketClient client : List.of(silent, pinging, dripping)) {
					assertUnauthorized(client);
				}
			}
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isBetween(Duration.ofSeconds(1),
					Duration.ofSeconds(10));
			hasty.bean(Recorded.class)
				.assertReasons("first_message_timeout", "first_message_timeout", "first_message_timeout");
			assertNothingHeld(hasty);
		}
	}

	@Test
	void clientsThatPingWithoutReadingDelayNoOtherClient() {
		ExecutorService threads = Executors.newCachedThreadPool();
		try (TestServer hasty = server("resumable-ws.auth.first-message-timeout", "2s", "server.tomcat.threads.max",
				"5")) {
			for (int i = 0; i < 10; i++) {
				RawWebSocketClient client = to(hasty).receiveBuffer(4096).connect();
				client.pauseReading();
				threads.execute(() -> sendWhileOpen(client, new WsFrame(true, WsFrame.PING, new byte[125])));
			}
			try (RawWebSocketClient other = to(hasty).query("token", Tokens.forUser("bob")).connect()) {
				other.await("replay_complete");
			}
			assertNothingHeld(hasty);
		}
		finally {
			threads.shutdownNow();
		}
	}

	@Test
	void addressesOfOneNetworkAreCountedTogether() {
		try (TestServer proxied = server("resumable-ws.auth.max-unauthenticated-per-address", "1",
				"server.forward-headers-strategy", "framework");
				RawWebSocketClient first = to(proxied).header("X-Forwarded-For", "2001:db8::1").connect()) {
			assertRefused(to(proxied).header("X-Forwarded-For", "2001:db8::2:2"), 429);
			try (RawWebSocketClient other = to(proxied).header("X-Forwarded-For", "2001:db8:0:1::1").connect()) {
				assertThat(first.isOpen()).isTrue();
				assertThat(other.isOpen()).isTrue();
			}
		}
	}

	@Test
	void aTokenInTheHandshakeTakesPrecedence() {
		String good = Tokens.forUser("alice");
		String bad = Tokens.forged("alice");
		for (String header : List.of("Authorization: Bearer ", "Sec-WebSocket-Protocol: resumable-ws.v1, jwt-",
				"Cookie: resumable-ws-token=")) {
			String name = header.substring(0, header.indexOf(':'));
			String value = header.substring(header.indexOf(' ') + 1);
			assertThat(to(this.server).header(name, value + bad).connectRefused().status()).isEqualTo(401);
			try (RawWebSocketClient client = to(this.server).header(name, value + good).connect()) {
				assertThat(client.next().path("type").asString()).isEqualTo("session_init");
			}
		}
		assertThat(to(this.server).query("token", bad).connectRefused().status()).isEqualTo(401);
	}

	@Test
	void theChecksBeforeAuthenticationStillApply() {
		assertThat(to(this.server).query("sessionId", "x").connectRefused().status()).isEqualTo(400);
		assertThat(to(this.server).header("Origin", "https://evil.example").connectRefused().status()).isEqualTo(403);
		assertThat(HeldByNode.unauthenticated(this.server)).isZero();
	}

	@Test
	void aRequestForEventsCannotUseAFirstMessage() throws IOException {
		HttpURLConnection events = (HttpURLConnection) URI.create("http://localhost:" + this.server.port() + "/ws/sse")
			.toURL()
			.openConnection();
		assertThat(events.getResponseCode()).isEqualTo(401);
		assertThat(HeldByNode.unauthenticated(this.server)).isZero();
	}

	@Test
	void withoutTheMessageSourceAHandshakeWithoutATokenIsRejected() {
		try (TestServer off = server(SOURCES, "header,subprotocol,cookie,query")) {
			assertThat(to(off).connectRefused().status()).isEqualTo(401);
			assertThat(to(off).header("Authorization", "Bearer x").connectRefused().status()).isEqualTo(401);
		}
	}

	@Test
	void theMessageCanBeTheOnlySource() {
		try (TestServer only = server(SOURCES, "message");
				RawWebSocketClient client = to(only)
					// ignored, because their sources are off
					.header("Authorization", "Bearer " + Tokens.forged("mallory"))
					.header("Cookie", "resumable-ws-token=" + Tokens.forUser("mallory"))
					.connect()) {
			client.send(auth(Tokens.forUser("alice")));
			assertThat(client.next().path("type").asString()).isEqualTo("session_init");
		}
	}

	@Test
	void unauthenticatedSocketsAreLimited() {
		try (TestServer small = server("resumable-ws.auth.max-unauthenticated-per-address", "3",
				"resumable-ws.auth.max-unauthenticated", "5")) {
			List<RawWebSocketClient> clients = new ArrayList<>();
			for (int i = 0; i < 3; i++) {
				clients.add(to(small).connect());
			}
			assertRefused(to(small), 429);
			for (int i = 0; i < 2; i++) {
				clients.add(to(small).from(OTHER_ADDRESS).connect());
			}
			assertRefused(to(small).from(OTHER_ADDRESS), 503);
			small.bean(Recorded.class).assertReasons("max_unauthenticated_per_address", "max_unauthenticated");
			try (RawWebSocketClient other = to(small).query("token", Tokens.forUser("bob")).connect()) {
				other.await("replay_complete");
			}
			clients.get(0).send(auth(Tokens.forUser("alice")));
			assertThat(clients.get(0).next().path("type").asString()).isEqualTo("session_init");
			clients.add(to(small).connect());
			assertRefused(to(small), 429);
			clients.get(1).abort();
			clients.get(2).send("no token");
			assertThat(clients.get(2).awaitClose()).isEqualTo(4401);
			for (int i = 0; i < 2; i++) {
				await().atMost(PATIENCE)
					.ignoreExceptionsInstanceOf(UpgradeRejectedException.class)
					.until(() -> clients.add(to(small).connect()));
			}
			clients.forEach(RawWebSocketClient::close);
			assertNothingHeld(small);
		}
	}

	@Test
	void unauthenticatedSocketsCountAsConnectionsOfTheNode() {
		try (TestServer small = server("resumable-ws.connection.max-total", "2")) {
			try (RawWebSocketClient client = to(small).connect(); RawWebSocketClient waiting = to(small).connect()) {
				assertRefused(to(small), 503);
				assertRefused(to(small).query("token", Tokens.forUser("bob")), 503);
				client.send(auth(Tokens.forUser("alice")));
				assertThat(client.next().path("type").asString()).isEqualTo("session_init");
				assertThat(waiting.isOpen()).isTrue();
			}
			assertNothingHeld(small);
		}
	}

	@Test
	void theLimitsOfTheUserApplyAfterTheFirstMessage() {
		try (TestServer small = server("resumable-ws.connection.max-per-user", "1");
				RawWebSocketClient first = to(small).connect();
				RawWebSocketClient second = to(small).connect()) {
			first.send(auth(Tokens.forUser("alice")));
			first.await("replay_complete");
			second.send(auth(Tokens.forUser("alice")));
			assertThat(second.awaitClose()).isEqualTo(4429);
			assertThat(second.closeReason()).isEqualTo("max_per_user");
			assertThat(second.messages()).isEmpty();
			small.bean(Recorded.class).assertReasons("max_per_user");
			assertThat(small.bean(Recorded.class).events.element().userId()).isEqualTo("alice");
			assertThat(first.isOpen()).isTrue();
		}
	}

	@Test
	void aTokenCanBeRenewedLater() {
		try (RawWebSocketClient client = to(this.server).connect()) {
			client.send(auth(Tokens.expiring("alice", Instant.now().plusSeconds(600))));
			client.await("session_init");
			Instant later = Instant.now().plusSeconds(1200).truncatedTo(ChronoUnit.SECONDS);
			client.send(auth(Tokens.expiring("alice", later)));
			assertThat(Instant.parse(client.await("auth_ok").path("expires_at").asString())).isEqualTo(later);
			client.send(auth(Tokens.forUser("mallory")));
			assertThat(client.await("error").path("code").asString()).isEqualTo("unauthorized");
			assertThat(client.isOpen()).isTrue();
		}
	}

	@Test
	void aConnectionEndsWhenTheTokenOfItsFirstMessageExpires() {
		try (RawWebSocketClient client = to(this.server).connect()) {
			client.send(auth(Tokens.expiring("alice", Instant.now().plusSeconds(2))));
			client.await("session_init");
			assertThat(client.awaitClose()).isEqualTo(4401);
		}
	}

	@Test
	void usersAreRevalidatedAndDisconnected() {
		try (RawWebSocketClient client = to(this.server).connect();
				RawWebSocketClient other = to(this.server).connect()) {
			client.send(auth(Tokens.forUser("carol")));
			other.send(auth(Tokens.forUser("dave")));
			client.await("replay_complete");
			other.await("replay_complete");
			this.recorded.invalid.add("carol");
			assertThat(client.awaitClose()).isEqualTo(4401);
			assertThat(other.isOpen()).isTrue();
			this.server.bean(ResumableSessions.class).disconnect("dave");
			assertThat(other.awaitClose()).isEqualTo(4401);
		}
	}

	@Test
	void rejectedClientsAreReported() {
		for (String message : List.of("no JSON", auth(Tokens.forged("alice")))) {
			try (RawWebSocketClient client = to(this.server).connect()) {
				client.send(message);
				assertUnauthorized(client);
			}
		}
		this.recorded.assertReasons("first_message", "token");
		assertThat(this.recorded.statuses).containsExactly(401, 401);
		assertThat(this.recorded.events).allSatisfy((event) -> {
			assertThat(event.kind()).isEqualTo(SecurityEvent.Kind.HANDSHAKE_REFUSED);
			assertThat(event.userId()).isNull();
			assertThat(event.remoteAddress()).isEqualTo("127.0.0.1");
		});
	}

	@Test
	void unauthenticatedSocketsAreClosedWhenTheServerStops() {
		TestServer stopping = server();
		try (RawWebSocketClient silent = to(stopping).connect(); RawWebSocketClient deaf = to(stopping).connect()) {
			awaitUnauthenticated(stopping, 2);
			deaf.autoClose(false);
			long begin = System.nanoTime();
			CompletableFuture<Void> stopped = CompletableFuture.runAsync(stopping::close);
			assertThat(silent.awaitClose()).isEqualTo(1012);
			assertThat(deaf.awaitClose()).isEqualTo(1012);
			assertThat(stopped).succeedsWithin(PATIENCE);
			assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(10));
			assertThat(silent.frames()).hasSize(1);
		}
		finally {
			stopping.close();
		}
	}

	private TestServer server(String... properties) {
		return TestServer.builder()
			.jetty(this.jetty)
			.with(Recorded.class)
			.properties(SOURCES, ALL_SOURCES, "resumable-ws.auth.first-message-timeout", "30s",
					"resumable-ws.auth.revalidation-interval", "100ms")
			.properties(properties)
			.start();
	}

	private static RawWebSocketClient.Builder to(TestServer server) {
		return RawWebSocketClient.to(server.uri()).timeout(PATIENCE);
	}

	private static String auth(String token) {
		return "{\"type\":\"auth\",\"token\":\"" + token + "\"}";
	}

	private void publish(String session, int n) {
		this.server.bean(ResumableSessions.class).publish(UUID.fromString(session), "tick", Map.of("n", n));
	}

	/**
	 * Waits until an authenticated client has received pings.
	 */
	private void awaitPingsToAuthenticatedClient() {
		try (RawWebSocketClient other = to(this.server).query("token", Tokens.forUser("bob")).connect()) {
			await().atMost(PATIENCE).until(() -> other.pingsReceived() > 2);
		}
	}

	private static void drip(RawWebSocketClient client, byte next) {
		try {
			client.send(new WsFrame(false, WsFrame.CONTINUATION, new byte[] { next }));
			client.closeCode().get(100, TimeUnit.MILLISECONDS);
		}
		catch (Exception ex) {
			// still open, or just closed
		}
	}

	private static void sendWhileOpen(RawWebSocketClient client, WsFrame frame) {
		try {
			for (int i = 0; i < 100_000 && client.isOpen(); i++) {
				client.send(frame);
			}
		}
		catch (IllegalStateException ex) {
			// closed by the server
		}
	}

	/**
	 * Asserts that a client received nothing but pongs and a close frame that reveals no
	 * reason.
	 */
	private static void assertUnauthorized(RawWebSocketClient client) {
		assertThat(client.awaitClose()).isEqualTo(4401);
		assertThat(client.closeReason()).isEqualTo("unauthorized");
		assertThat(client.frames().stream().filter((frame) -> frame.opcode() != WsFrame.PONG)).hasSize(1);
	}

	private static void assertRefused(RawWebSocketClient.Builder client, int status) {
		UpgradeRejectedException refused = client.connectRefused();
		assertThat(refused.status()).isEqualTo(status);
		assertThat(Integer.parseInt(refused.headers().get("Retry-After").get(0))).isBetween(1, 5);
	}

	private static void awaitUnauthenticated(TestServer server, int number) {
		await().atMost(PATIENCE).until(() -> HeldByNode.unauthenticated(server) == number);
	}

	private static void assertNothingHeld(TestServer server) {
		awaitUnauthenticated(server, 0);
		await().atMost(PATIENCE).untilAsserted(() -> assertThat(HeldByNode.of(server)).isEqualTo(HeldByNode.NOTHING));
	}

	/**
	 * Records security events and rejections, and revalidates users.
	 */
	static final class Recorded implements ResumableWsListener, UserValidator {

		private final Queue<SecurityEvent> events = new ConcurrentLinkedQueue<>();

		private final Queue<Integer> statuses = new ConcurrentLinkedQueue<>();

		private final Set<String> invalid = ConcurrentHashMap.newKeySet();

		@Override
		public void onSecurityEvent(SecurityEvent event) {
			this.events.add(event);
		}

		@Override
		public void onHandshakeRejected(int status) {
			this.statuses.add(status);
		}

		@Override
		public boolean isValid(String userId) {
			return !this.invalid.contains(userId);
		}

		void clear() {
			this.events.clear();
			this.statuses.clear();
			this.invalid.clear();
		}

		void assertReasons(String... reasons) {
			await().atMost(PATIENCE)
				.untilAsserted(
						() -> assertThat(this.events).extracting(SecurityEvent::reason).containsExactly(reasons));
		}

	}

}
