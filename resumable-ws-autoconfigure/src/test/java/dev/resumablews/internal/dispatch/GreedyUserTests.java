package dev.resumablews.internal.dispatch;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableSessions;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SecurityEvent;
import dev.resumablews.SecurityEvent.Kind;
import dev.resumablews.testing.RawWebSocketClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.UpgradeRejectedException;
import dev.resumablews.testing.WsFrame;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that every limit stops a user who exceeds it, and that another user is served at
 * the same time.
 */
@TestInstance(Lifecycle.PER_CLASS)
class GreedyUserTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private TestServer server;

	@BeforeAll
	void start() {
		this.server = TestServer.builder()
			.with(Application.class)
			.properties("resumable-ws.user.messages-per-second", "1", "resumable-ws.user.message-burst", "20",
					"resumable-ws.user.size-per-second", "16KB", "resumable-ws.user.frames-per-second", "50",
					"resumable-ws.user.handshakes-per-minute", "20", "resumable-ws.user.resumes-per-minute", "5",
					"resumable-ws.user.replies-per-minute", "8", "resumable-ws.user.max-waiting-replies", "3",
					"resumable-ws.user.max-running-replies", "2", "resumable-ws.user.max-waiting-size", "100KB",
					"resumable-ws.user.replay-per-second", "64KB", "resumable-ws.reply.max-concurrent", "3",
					"resumable-ws.reply.max-waiting", "4", "resumable-ws.user.max-sessions", "6",
					"resumable-ws.user.max-storage", "20KB")
			.start();
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@Test
	void messagesAreLimitedOverAllConnectionsOfTheUserAndOverReconnects() {
		try (RawWebSocketClient first = connect("ann"); RawWebSocketClient second = connect("ann")) {
			for (int i = 0; i < 9; i++) {
				ping(first);
				ping(second);
			}
			sendWhileOpen(first, (client) -> client.send("{\"type\":\"ping\"}"), 30);
			assertThat(first.awaitClose()).isEqualTo(4429);
			sendWhileOpen(second, (client) -> client.send("{\"type\":\"ping\"}"), 30);
			assertThat(second.awaitClose()).isEqualTo(4429);
		}
		try (RawWebSocketClient again = connect("ann")) {
			sendWhileOpen(again, (client) -> client.send("{\"type\":\"ping\"}"), 60);
			assertThat(again.awaitClose()).isEqualTo(4429);
		}
		assertNoted("ann", "messages_rate");
		assertServed();
	}

	@Test
	void theSizeOfMessagesIsLimited() {
		try (RawWebSocketClient client = connect("ben")) {
			sendWhileOpen(client, (each) -> each.send("{\"type\":\"ping\",\"padding\":\"" + "x".repeat(30_000) + "\"}"),
					12);
			assertThat(client.awaitClose()).isEqualTo(4429);
		}
		assertNoted("ben", "characters_rate");
		assertServed();
	}

	@Test
	void framesWithoutAMessageAreLimited() {
		try (RawWebSocketClient empty = connect("cleo")) {
			sendWhileOpen(empty, (client) -> client.send(new WsFrame(false, WsFrame.TEXT, new byte[0])), 1);
			sendWhileOpen(empty, (client) -> client.send(new WsFrame(false, WsFrame.CONTINUATION, new byte[0])), 1000);
			assertThat(empty.awaitClose()).isEqualTo(4429);
			assertThat(empty.closeReason()).isEqualTo("frames_rate");
		}
		try (RawWebSocketClient pongs = connect("carl")) {
			sendWhileOpen(pongs, (client) -> client.send(WsFrame.PONG, new byte[0]), 1000);
			assertThat(pongs.awaitClose()).isEqualTo(4429);
		}
		assertNoted("cleo", "frames_rate");
		assertServed();
	}

	@Test
	void aMessageThatNeverEndsIsLimited() {
		List<RawWebSocketClient> clients = new ArrayList<>();
		for (int i = 0; i < 5; i++) {
			clients.add(connect("dan"));
		}
		for (RawWebSocketClient client : clients) {
			sendWhileOpen(client,
					(each) -> each
						.send(new WsFrame(false, WsFrame.TEXT, "x".repeat(30_000).getBytes(StandardCharsets.US_ASCII))),
					1);
		}
		await().atMost(PATIENCE).until(() -> clients.stream().anyMatch((client) -> !client.isOpen()));
		clients.forEach(RawWebSocketClient::abort);
		assertNoted("dan", "waiting_characters");
		assertServed();
	}

	@Test
	void requestsForTheWholeLogAreLimited() {
		try (RawWebSocketClient client = connect("eve")) {
			sendWhileOpen(client, (each) -> each.send("{\"type\":\"resume\",\"lastEventId\":0}"), 12);
			assertThat(client.awaitClose()).isEqualTo(4429);
		}
		assertNoted("eve", "resumes_rate");
		assertServed();
	}

	@Test
	void aReplayIsPacedAndDelaysNoOtherUser() {
		UUID session;
		try (RawWebSocketClient client = connect("ida")) {
			session = UUID.fromString(client.await("session_init").path("session_id").asString());
		}
		for (int i = 0; i < 120; i++) {
			this.server.bean(ResumableSessions.class).publish(session, "note", Map.of("text", "x".repeat(10_000)));
		}
		try (RawWebSocketClient client = to("ida").query("sessionId", session).query("lastEventId", 0).connect()) {
			long start = System.nanoTime();
			client.await("note");
			assertServed();
			client.await("replay_complete");
			// 1.2 MB exceed the rate of four seconds, and the first page is sent at once
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(1));
			assertThat(client.messages().stream().filter((message) -> message.path("type").asString().equals("note")))
				.hasSize(120);
		}
	}

	@Test
	void handshakesAreLimited() {
		UpgradeRejectedException refused = null;
		for (int i = 0; i < 100 && refused == null; i++) {
			refused = refusal("fay");
		}
		assertThat(refused).isNotNull();
		assertThat(refused.status()).isEqualTo(429);
		assertThat(refused.headers()).containsKey("Retry-After");
		assertServed();
	}

	@Test
	void repliesOfAUserLeaveTurnsToOthersAndAreLimited() {
		List<RawWebSocketClient> clients = new ArrayList<>();
		for (int i = 0; i < 5; i++) {
			clients.add(connect("endless-gil"));
		}
		List<String> codes = new ArrayList<>();
		for (int i = 0; i < 7; i++) {
			RawWebSocketClient client = clients.get(i % 5);
			client.send(userMessage("continue for ever"));
			codes.add(client.await((message) -> List.of("ack", "error").contains(message.path("type").asString()))
				.path("type")
				.asString());
			waitForClaims();
		}
		assertThat(codes).startsWith("ack", "ack", "ack", "ack", "ack").contains("error");
		assertNoted("endless-gil", "waiting_replies");
		assertServed();
		clients.forEach(RawWebSocketClient::close);
	}

	@Test
	void answeredMessagesAreLimited() {
		try (RawWebSocketClient client = connect("hal")) {
			JsonNode answer = null;
			for (int i = 0; i < 15 && (answer == null || answer.path("type").asString("").equals("ack")); i++) {
				if (answer != null) {
					client.await("assistant_message");
				}
				client.send(userMessage("hello"));
				answer = client.await((message) -> List.of("ack", "error").contains(message.path("type").asString("")));
			}
			assertThat(answer.path("code").asString("")).isEqualTo("unavailable");
			assertThat(client.isOpen()).isTrue();
		}
		assertNoted("hal", "replies_rate");
		assertServed();
	}

	@Test
	void sessionsAreLimitedAndExistingOnesCanBeResumed() {
		List<RawWebSocketClient> clients = new ArrayList<>();
		String session = "";
		for (int i = 0; i < 6; i++) {
			clients.add(connect("iris"));
			session = clients.get(i).await("session_init").path("session_id").asString();
		}
		try (RawWebSocketClient refused = connect("iris")) {
			assertThat(refused.awaitClose()).isEqualTo(4429);
			assertThat(refused.closeReason()).isEqualTo("max_sessions");
			assertThat(refused.messages()).isEmpty();
		}
		try (RawWebSocketClient resumed = to("iris").query("sessionId", session).connect()) {
			assertThat(resumed.await("session_init").path("resumed").asBoolean()).isTrue();
		}
		assertNoted("iris", "max_sessions");
		assertServed();
		clients.forEach(RawWebSocketClient::close);
	}

	@Test
	void storedBytesAreLimitedAndStoredMessagesAreAcknowledgedAgain() {
		try (RawWebSocketClient client = connect("jo")) {
			long refusals = observed("quota_exceeded");
			String stored = userMessage("x".repeat(12_000));
			client.send(stored);
			client.await("ack");
			client.await("assistant_message");
			String refused = userMessage("x".repeat(12_000));
			client.send(refused);
			JsonNode error = client.await("error");
			assertThat(error.path("code").asString()).isEqualTo("quota_exceeded");
			assertThat(error.path("message").asString()).contains("20480");
			assertThat(refused).contains(error.path("idempotency_key").asString());
			try (RawWebSocketClient again = connect("jo")) {
				again.await("replay_complete");
				again.send(userMessage("x".repeat(12_000)));
				assertThat(again.await("error").path("code").asString()).isEqualTo("quota_exceeded");
			}
			ResumableSessions sessions = this.server.bean(ResumableSessions.class);
			assertThat(sessions.publishToUser("jo", "note", Map.of("text", "y".repeat(30_000)))).isEqualTo(2);
			client.await("note");
			long duplicates = observed("duplicate");
			client.send(stored);
			assertThat(client.await("ack").path("duplicate").asBoolean()).isTrue();
			await().atMost(PATIENCE).until(() -> observed("duplicate") == duplicates + 1);
			assertThat(observed("quota_exceeded")).as("one rejection on each connection").isEqualTo(refusals + 2);
			assertThat(sessions.storedBytes("jo")).isBetween(72_000L, 74_000L);
		}
		assertNoted("jo", "max_storage");
		assertServed();
	}

	@Test
	void bytesThatOtherNodesStoreOrRemoveAreCounted() {
		ResumableSessions sessions = this.server.bean(ResumableSessions.class);
		JdbcClient sql = this.server.bean(JdbcClient.class);
		try (RawWebSocketClient client = connect("kim")) {
			client.await("replay_complete");
			sql.sql("insert into ws_sessions (session_id, user_id, stored_bytes) values (gen_random_uuid(), 'kim', 30000)")
				.update();
			assertThat(sessions.storedBytes("kim")).isEqualTo(30_000);
			await().atMost(PATIENCE)
				.pollInterval(Duration.ofSeconds(1))
				.until(() -> code(client).equals("quota_exceeded"));
			sql.sql("delete from ws_sessions where user_id = 'kim' and stored_bytes = 30000").update();
			await().atMost(PATIENCE).pollInterval(Duration.ofSeconds(1)).until(() -> code(client).isEmpty());
		}
	}

	/**
	 * Sends a user message.
	 * @return the code of the error, or an empty string
	 */
	private static String code(RawWebSocketClient client) {
		client.send(userMessage("hello"));
		return client.await((message) -> List.of("ack", "error").contains(message.path("type").asString("")))
			.path("code")
			.asString("");
	}

	/**
	 * Asserts that a user who has sent nothing before gets a reply.
	 */
	private void assertServed() {
		try (RawWebSocketClient other = connect("other-" + UUID.randomUUID())) {
			other.await("replay_complete");
			other.send(userMessage("hello"));
			other.await("ack");
			assertThat(other.await("assistant_message").path("payload").path("content").asString()).isEqualTo("hello");
		}
	}

	private void assertNoted(String userId, String reason) {
		List<SecurityEvent> events = this.server.bean(RecordedEvents.class).events;
		await().atMost(PATIENCE)
			.untilAsserted(() -> assertThat(events)
				.anySatisfy((event) -> assertThat(event).returns(Kind.LIMIT_EXCEEDED, SecurityEvent::kind)
					.returns(userId, SecurityEvent::userId)
					.returns(reason, SecurityEvent::reason)));
	}

	/**
	 * Returns the number of user messages with an outcome.
	 */
	private long observed(String outcome) {
		return this.server.bean(MeterRegistry.class)
			.find("resumable.ws.message")
			.tags("type", "user_message", "outcome", outcome)
			.timers()
			.stream()
			.mapToLong(Timer::count)
			.sum();
	}

	/**
	 * Waits until the node has recounted the waiting replies, which it does when a reply
	 * is stored.
	 */
	private void waitForClaims() {
		try (RawWebSocketClient other = connect("witness-" + UUID.randomUUID())) {
			other.await("replay_complete");
			other.send(userMessage("hello"));
			other.await("assistant_message");
		}
	}

	private static void ping(RawWebSocketClient client) {
		client.send("{\"type\":\"ping\"}");
		client.await("pong");
	}

	private static void sendWhileOpen(RawWebSocketClient client, Consumer<RawWebSocketClient> send, int times) {
		try {
			for (int i = 0; i < times; i++) {
				send.accept(client);
			}
		}
		catch (IllegalStateException ex) {
			// closed by the server
		}
	}

	private static String userMessage(String content) {
		return "{\"type\":\"user_message\",\"idempotency_key\":\"" + UUID.randomUUID() + "\",\"content\":\"" + content
				+ "\"}";
	}

	private @Nullable UpgradeRejectedException refusal(String user) {
		try {
			connect(user).close();
			return null;
		}
		catch (UpgradeRejectedException ex) {
			return ex;
		}
	}

	private RawWebSocketClient connect(String user) {
		return to(user).connect();
	}

	private RawWebSocketClient.Builder to(String user) {
		return RawWebSocketClient.to(this.server.uri()).query("token", Tokens.forUser(user)).timeout(PATIENCE);
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		@Bean
		ReplyGenerator model() {
			return (request) -> request.userId().startsWith("endless") ? Flux.never()
					: Flux.just(ReplyPart.text("hello"));
		}

		@Bean
		RecordedEvents recordedEvents() {
			return new RecordedEvents();
		}

	}

	static class RecordedEvents implements ResumableWsListener {

		private final List<SecurityEvent> events = new CopyOnWriteArrayList<>();

		@Override
		public void onSecurityEvent(SecurityEvent event) {
			this.events.add(event);
		}

	}

}
