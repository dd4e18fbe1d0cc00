package dev.resumablews.internal.relay;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;

import dev.resumablews.RelayCustomizer;
import dev.resumablews.RelayEvent;
import dev.resumablews.RelayHandshake;
import dev.resumablews.RelayMessage;
import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.HttpTestClient;
import dev.resumablews.testing.RealtimeUpstream;
import dev.resumablews.testing.RealtimeUpstream.Received;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests sessions that are connected to an upstream, with real sockets on both sides and a
 * real Postgres.
 */
@ExtendWith(OutputCaptureExtension.class)
class RelayTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final String KEY = "sk-test-0123456789abcdef";

	private static final String TYPE = "relay.realtime";

	private final RealtimeUpstream upstream = RealtimeUpstream.start(KEY);

	private final String url = TestPostgres.createDatabase();

	private final List<TestServer> servers = new ArrayList<>();

	private final List<ResumableWsTestClient> clients = new ArrayList<>();

	@AfterEach
	void close() {
		this.clients.forEach(ResumableWsTestClient::close);
		this.servers.forEach(TestServer::close);
		this.upstream.close();
	}

	@Test
	void aMessageReachesTheUpstreamAndItsEventsTheClient() {
		ResumableWsTestClient client = connect(start(), null, 0);
		UUID session = client.sessionId();
		UUID key = say(client, 1);
		JsonNode ack = client.await("ack").json();
		assertThat(ack.path("idempotency_key").asString()).isEqualTo(key.toString());
		JsonNode message = client.await(TYPE).json();
		assertThat(message.path("event_id").asLong()).isEqualTo(ack.path("event_id").asLong());
		assertThat(message.path("payload").path("message").path("n").asInt()).isEqualTo(1);
		assertThat(message.path("payload").path("idempotency_key").asString()).isEqualTo(key.toString());
		assertThat(status(client.await(ServerFrame.class, (each) -> !status(each.json()).isEmpty()).json()))
			.isEqualTo("opened");
		assertThat(upstreamType(client.await(ServerFrame.class, RelayTests::isDurable).json()))
			.isEqualTo("session.created");
		IntStream.range(0, 3)
			.forEach((i) -> assertThat(client.await(ServerFrame.class, RelayTests::isDurable)
				.json()
				.path("payload")
				.path("event")
				.path("i")
				.asInt()).isEqualTo(i));
		assertThat(upstreamType(client.await(ServerFrame.class, RelayTests::isDurable).json()))
			.isEqualTo("response.done");
		assertThat(this.upstream.handshakes().get(0).header("OpenAI-Beta")).isEqualTo("realtime=v1");
		assertThat(durableTypes(session)).containsExactly("session.created", "response.text.delta",
				"response.text.delta", "response.text.delta", "response.done");
	}

	@Test
	void aMessageOverHttpIsForwardedToo() {
		TestServer server = start();
		try (HttpTestClient client = HttpTestClient.sse(server.uri())
			.query("token", Tokens.forUser("alice"))
			.connect()) {
			client.await("session_init");
			client.send(message(1, UUID.randomUUID()));
			client.await("ack");
			client.await((message) -> upstreamType(message).equals("response.done"));
		}
	}

	@Test
	void aClientThatReconnectsGetsTheEventsOfTheUpstreamThatItMissed() {
		TestServer server = start();
		ResumableWsTestClient first = connect(server, null, 0);
		UUID session = first.sessionId();
		say(first, 1);
		JsonNode seen = first
			.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("session.created"))
			.json();
		first.close();
		this.upstream.send("{\"type\":\"response.text.delta\",\"delta\":\"while you were away\"}");
		await().atMost(PATIENCE)
			.until(() -> durable(session).stream().anyMatch((payload) -> payload.contains("while you were away")));
		ResumableWsTestClient second = connect(server, session, seen.path("event_id").asLong());
		second.await(ServerFrame.class, (message) -> message.json().toString().contains("while you were away"));
		assertThat(this.upstream.opened()).isEqualTo(1);
	}

	@Test
	void messagesSentWhileTheUpstreamConnectsArriveOnceAndInOrder() {
		this.upstream.holdHandshakes();
		ResumableWsTestClient client = connect(start(), null, 0);
		UUID first = say(client, 1);
		IntStream.rangeClosed(2, 20).forEach((n) -> say(client, n));
		client.sendOnce(message(1, first));
		IntStream.rangeClosed(1, 21).forEach((n) -> client.await("ack"));
		assertThat(this.upstream.received()).isEmpty();
		this.upstream.answerHandshakes();
		await().atMost(PATIENCE).until(() -> this.upstream.received().size() == 20);
		assertThat(numbers()).containsExactlyElementsOf(IntStream.rangeClosed(1, 20).boxed().toList());
	}

	@Test
	void aLostConnectionIsReopenedAndMessagesThatMayHaveArrivedAreMarked() {
		ResumableWsTestClient client = connect(start(), null, 0);
		say(client, 1);
		client.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done"));
		awaitForwarded(client.sessionId());
		loseMessage(client);
		JsonNode lost = client.await(ServerFrame.class, (message) -> status(message.json()).equals("lost")).json();
		assertThat(lost.path("payload").path("code").asInt()).isNotZero();
		JsonNode opened = client
			.await(ServerFrame.class,
					(message) -> status(message.json()).equals("opened")
							&& message.json().path("payload").has("resent_through"))
			.json();
		assertThat(opened.path("event_id").asLong()).isGreaterThan(lost.path("event_id").asLong());
		await().atMost(PATIENCE).until(() -> this.upstream.received().stream().anyMatch((each) -> each.n() == 2));
		say(client, 3);
		await().atMost(PATIENCE).until(() -> this.upstream.received().stream().anyMatch((each) -> each.n() == 3));
		assertThat(this.upstream.received()).allMatch((each) -> each.redelivered() == (each.n() == 2));
	}

	@Test
	void messagesThatMayHaveArrivedAreSkippedIfConfigured() {
		ResumableWsTestClient client = connect(start("resumable-ws.relay.realtime.redelivery", "skip"), null, 0);
		say(client, 1);
		client.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done"));
		awaitForwarded(client.sessionId());
		loseMessage(client);
		client.await(ServerFrame.class, (message) -> status(message.json()).equals("opened")
				&& message.json().path("payload").has("skipped_through"));
		say(client, 3);
		await().atMost(PATIENCE).until(() -> this.upstream.received().stream().anyMatch((each) -> each.n() == 3));
		assertThat(this.upstream.received()).noneMatch(Received::redelivered);
	}

	@Test
	void anotherNodeTakesOverTheRelaysOfAStoppedNode() {
		TestServer first = start();
		TestServer second = start();
		ResumableWsTestClient client = connect(first, null, 0);
		UUID session = client.sessionId();
		say(client, 1);
		client.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done"));
		ResumableWsTestClient other = connect(second, session, 0);
		long begin = System.nanoTime();
		first.close();
		other.await(ServerFrame.class, (message) -> status(message.json()).equals("lost"));
		await().atMost(PATIENCE).until(() -> this.upstream.opened() == 2);
		System.out.printf("Another node has connected %d ms after the stop of the first one began%n",
				Duration.ofNanos(System.nanoTime() - begin).toMillis());
		say(other, 2);
		other.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done")
				&& message.json().path("payload").path("event").path("n").asInt() == 2);
		assertThat(this.upstream.received()).noneMatch(Received::redelivered);
		assertThat(numbers()).containsExactly(1, 2);
	}

	@Test
	void relaysAreClaimedAgainAfterTheContextIsRestarted() {
		TestServer server = start();
		UUID session = null;
		for (int n = 1; n <= 3; n++) {
			int number = n;
			ResumableWsTestClient client = connect(server, session, 0);
			session = client.sessionId();
			say(client, n);
			client.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done")
					&& message.json().path("payload").path("event").path("n").asInt() == number);
			server.context().stop();
			assertThat(client.awaitClose().code()).isEqualTo(1012);
			server.context().start();
		}
		await().atMost(PATIENCE).until(() -> this.upstream.opened() >= 3);
		assertThat(numbers()).containsExactly(1, 2, 3);
	}

	@Test
	void aMessageStoredByAnotherNodeIsForwardedByTheOwner() {
		ResumableWsTestClient client = connect(start(), null, 0);
		UUID session = client.sessionId();
		say(client, 1);
		client.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done"));
		ResumableWsTestClient other = connect(start(), session, 0);
		say(other, 2);
		other.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done")
				&& message.json().path("payload").path("event").path("n").asInt() == 2);
		assertThat(this.upstream.opened()).isEqualTo(1);
	}

	@Test
	void anIdleRelayIsClosedAndReopenedByTheNextMessage() {
		ResumableWsTestClient client = connect(start("resumable-ws.relay.realtime.idle-timeout", "1s"), null, 0);
		say(client, 1);
		JsonNode closed = client.await(ServerFrame.class, (message) -> status(message.json()).equals("closed")).json();
		assertThat(closed.path("payload").path("reason").asString()).isEqualTo("idle");
		await().atMost(PATIENCE).until(() -> this.upstream.open() == 0);
		assertThat(state(client.sessionId())).isEqualTo("ended");
		say(client, 2);
		client.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done")
				&& message.json().path("payload").path("event").path("n").asInt() == 2);
		assertThat(this.upstream.received()).noneMatch(Received::redelivered);
		assertThat(this.upstream.opened()).isEqualTo(2);
	}

	@Test
	void anUpstreamThatRejectsTheHandshakeIsNotContactedUntilTheNextMessage() {
		this.upstream.refuse(401);
		ResumableWsTestClient client = connect(start(), null, 0);
		say(client, 1);
		client.await(ServerFrame.class, (message) -> status(message.json()).equals("lost"));
		JsonNode closed = client.await(ServerFrame.class, (message) -> status(message.json()).equals("closed")).json();
		assertThat(closed.path("payload").path("reason").asString()).isEqualTo("refused");
		assertThat(this.upstream.refusals()).isEqualTo(3);
		this.upstream.refuse(0);
		say(client, 2);
		await().atMost(PATIENCE).until(() -> this.upstream.received().size() == 2);
		assertThat(numbers()).containsExactly(1, 2);
		assertThat(this.upstream.received()).noneMatch(Received::redelivered);
	}

	@Test
	void aSlowUpstreamDelaysOnlyItsSession() {
		TestServer server = start("resumable-ws.connection.max-message-size", "1MB",
				"resumable-ws.relay.realtime.max-waiting-size", "64MB");
		ResumableWsTestClient slow = connect(server, null, 0);
		say(slow, 1);
		slow.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done"));
		this.upstream.pauseReading();
		String large = "x".repeat(200_000);
		IntStream.rangeClosed(2, 60).forEach((n) -> {
			slow.sendOnce(Map.of("type", TYPE, "payload", Map.of("type", "response.create", "n", n, "text", large),
					"idempotency_key", UUID.randomUUID()));
			slow.await("ack");
		});
		ResumableWsTestClient other = connect(server, null, 0);
		other.say("Hi");
		other.await("ack");
		this.upstream.resumeReading();
		await().atMost(PATIENCE).until(() -> this.upstream.received().size() >= 60);
		assertThat(numbers().stream().distinct())
			.containsExactlyElementsOf(IntStream.rangeClosed(1, 60).boxed().toList());
	}

	@Test
	void messagesOfTheUpstreamAreLimitedAndInvalidOnesAreDropped() {
		ResumableWsTestClient client = connect(start(), null, 0);
		UUID session = client.sessionId();
		say(client, 1);
		client.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done"));
		for (String junk : List.of("junk", "[1]", "\"text\"", "null", "{", "{\"no\":\"type\"}", "")) {
			this.upstream.send(junk);
		}
		this.upstream.sendBinary("{\"type\":\"response.text.delta\",\"delta\":\"in binary\"}");
		String large = "{\"type\":\"response.text.delta\",\"delta\":\"%s\"}".formatted("ü".repeat(200_000));
		this.upstream.send(large);
		this.upstream.send("{\"type\":\"response.done\",\"last\":true}");
		client.await(ServerFrame.class,
				(message) -> message.json().path("payload").path("event").path("last").asBoolean(false));
		assertThat(durable(session)).anyMatch((payload) -> payload.contains("in binary"))
			.anyMatch((payload) -> payload.length() > 200_000);
		assertThat(durableTypes(session)).endsWith("response.text.delta", "response.text.delta", "response.done");
		assertThat(this.upstream.opened()).isEqualTo(1);
		this.upstream.send("{\"type\":\"response.text.delta\",\"delta\":\"%s\"}".formatted("x".repeat(2_000_000)));
		client.await(ServerFrame.class, (message) -> status(message.json()).equals("lost"));
		client.await(ServerFrame.class, (message) -> status(message.json()).equals("opened"));
	}

	@Test
	void messagesThatCannotBeForwardedAreRejected() {
		ResumableWsTestClient client = connect(start(), null, 0);
		client.sendOnce(Map.of("type", "relay.other", "payload", Map.of(), "idempotency_key", UUID.randomUUID()));
		assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("unknown_type");
		client.sendOnce(Map.of("type", TYPE, "payload", Map.of()));
		assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("invalid");
		client.sendOnce(Map.of("type", TYPE, "payload", List.of(), "idempotency_key", UUID.randomUUID()));
		assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("invalid");
		assertThat(this.upstream.opened()).isZero();
	}

	@Test
	void relaysOfAUserAreLimited() {
		TestServer server = start("resumable-ws.relay.realtime.max-per-user", "2");
		ResumableWsTestClient first = connect(server, null, 0);
		say(first, 1);
		first.await("ack");
		ResumableWsTestClient second = connect(server, null, 0);
		say(second, 1);
		second.await("ack");
		ResumableWsTestClient third = connect(server, null, 0);
		say(third, 1);
		assertThat(third.await(ServerFrame.Error.class).code()).isEqualTo("unavailable");
		server.bean(ResumableSessions.class).close(first.sessionId());
		await().atMost(PATIENCE).until(() -> {
			say(third, 1);
			return third.await(ServerFrame.class, (message) -> List.of("ack", "error").contains(message.type()))
				.json()
				.path("type")
				.asString("")
				.equals("ack");
		});
	}

	@Test
	void waitingMessagesAreLimited() {
		this.upstream.holdHandshakes();
		ResumableWsTestClient client = connect(start("resumable-ws.relay.realtime.max-waiting-size", "1KB"), null, 0);
		int sent = 0;
		JsonNode answer;
		do {
			say(client, ++sent);
			answer = client.await(ServerFrame.class, (message) -> List.of("ack", "error").contains(message.type()))
				.json();
		}
		while (sent < 100 && answer.path("type").asString("").equals("ack"));
		assertThat(answer.path("code").asString("")).isEqualTo("unavailable");
		assertThat(sent).isBetween(5, 20);
		this.upstream.answerHandshakes();
		int stored = sent - 1;
		await().atMost(PATIENCE).until(() -> this.upstream.received().size() == stored);
		awaitForwarded(client.sessionId());
		say(client, 1000);
		client.await("ack");
	}

	@Test
	void theRelaysOfANodeAreLimitedAndAnotherNodeTakesTheOthers() {
		TestServer first = start("resumable-ws.relay.realtime.max-per-node", "1");
		ResumableWsTestClient one = connect(first, null, 0);
		say(one, 1);
		one.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done"));
		ResumableWsTestClient two = connect(first, null, 0);
		say(two, 2);
		two.await("ack");
		assertThat(this.upstream.opened()).isEqualTo(1);
		start();
		two.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done"));
		assertThat(this.upstream.opened()).isEqualTo(2);
	}

	@Test
	void aClosedOrErasedSessionHasNoRelay() {
		TestServer server = start();
		ResumableWsTestClient closed = connect(server, null, 0);
		ResumableWsTestClient erased = connect(server, null, 0);
		for (ResumableWsTestClient client : List.of(closed, erased)) {
			say(client, 1);
			client.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done"));
		}
		assertThat(this.upstream.open()).isEqualTo(2);
		server.bean(ResumableSessions.class).close(closed.sessionId());
		await().atMost(PATIENCE).until(() -> this.upstream.open() == 1);
		server.bean(ResumableSessions.class).erase(erased.sessionId());
		await().atMost(PATIENCE).until(() -> this.upstream.open() == 0);
		await().atMost(PATIENCE)
			.until(() -> jdbc(server).sql("select count(*) from ws_relays").query(Integer.class).single() == 0);
	}

	@Test
	void onlyTheUpstreamReceivesTheKey(CapturedOutput output) {
		TestServer server = start("resumable-ws.relay.realtime.uri",
				this.upstream.uri() + "?api_key=query-secret-0123456789");
		ResumableWsTestClient client = connect(server, null, 0);
		say(client, 1);
		client.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done"));
		this.upstream
			.send("{\"type\":\"error\",\"message\":\"Incorrect key %s or query-secret-0123456789\"}".formatted(KEY));
		JsonNode error = client.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("error"))
			.json();
		assertThat(error.toString()).contains("Incorrect key [redacted] or [redacted]");
		this.upstream.closeAll(4001, "wrong " + KEY);
		JsonNode lost = client.await(ServerFrame.class, (message) -> status(message.json()).equals("lost")).json();
		assertThat(lost.path("payload").path("reason").asString()).isEqualTo("wrong [redacted]");
		this.upstream.refuse(403);
		this.upstream.cutAll();
		client.await(ServerFrame.class, (message) -> status(message.json()).equals("closed"));
		for (String secret : List.of(KEY, "query-secret-0123456789")) {
			assertThat(client.frames().toString()).doesNotContain(secret);
			assertThat(output.getAll()).doesNotContain(secret);
			List<String> tables = jdbc(server)
				.sql("""
						select table_name from information_schema.tables where table_schema = 'public' and table_name like 'ws%'
						""")
				.query(String.class)
				.list();
			assertThat(tables).contains("ws_events", "ws_relays");
			tables.forEach((table) -> assertThat(
					jdbc(server).sql("select count(*) from %s t where t::text like ?".formatted(table))
						.param("%" + secret + "%")
						.query(Integer.class)
						.single())
				.as(table)
				.isZero());
		}
	}

	@Test
	void aCustomizerThatThrowsSkipsTheMessage() {
		ResumableWsTestClient client = connect(start(), null, 0);
		say(client, -1);
		JsonNode ack = client.await("ack").json();
		JsonNode error = client.await(ServerFrame.class, (message) -> status(message.json()).equals("error")).json();
		assertThat(error.path("payload").path("event_id").asLong()).isEqualTo(ack.path("event_id").asLong());
		this.upstream.send("{\"type\":\"response.text.delta\",\"throw\":true}");
		say(client, 2);
		client.await(ServerFrame.class, (message) -> upstreamType(message.json()).equals("response.done"));
		assertThat(numbers()).containsExactly(2);
	}

	/**
	 * Sends a second message, which the upstream receives but does not process before its
	 * connection is cut.
	 */
	private void loseMessage(ResumableWsTestClient client) {
		this.upstream.ignore(true);
		say(client, 2);
		await().atMost(PATIENCE).until(() -> this.upstream.ignored() == 1);
		this.upstream.holdHandshakes();
		this.upstream.cutAll();
		this.upstream.ignore(false);
		this.upstream.answerHandshakes();
	}

	private TestServer start(String... properties) {
		TestServer server = TestServer.builder()
			.database(this.url)
			.with(Marking.class)
			.properties("resumable-ws.relay.realtime.uri", this.upstream.uri().toString(),
					"resumable-ws.relay.realtime.headers.Authorization", "Bearer " + KEY,
					"resumable-ws.relay.realtime.durable-types",
					"session.created,response.text.delta,response.done,error",
					"resumable-ws.relay.realtime.min-back-off", "50ms", "resumable-ws.relay.realtime.max-back-off",
					"200ms", "resumable-ws.relay.realtime.lease", "2s", "resumable-ws.user.messages-per-second", "0",
					"resumable-ws.user.size-per-second", "0", "resumable-ws.user.frames-per-second", "0",
					"resumable-ws.shutdown.reconnect-window", "0s")
			.properties(properties)
			.start();
		this.servers.add(server);
		return server;
	}

	private ResumableWsTestClient connect(TestServer server, @Nullable UUID session, long lastEventId) {
		ResumableWsTestClientBuilder client = ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user("alice");
		if (session != null) {
			client = client.session(session, lastEventId);
		}
		ResumableWsTestClient connected = client.connect();
		this.clients.add(connected);
		return connected;
	}

	private static UUID say(ResumableWsTestClient client, int n) {
		UUID key = UUID.randomUUID();
		client.sendOnce(message(n, key));
		return key;
	}

	private static Map<String, ?> message(int n, UUID key) {
		return Map.of("type", TYPE, "payload", Map.of("type", "response.create", "n", n), "idempotency_key", key);
	}

	private static boolean isDurable(ServerFrame frame) {
		return frame instanceof ServerFrame.Event event && event.type().equals(TYPE) && event.payload().has("event");
	}

	private static String upstreamType(JsonNode message) {
		return message.path("payload").path("event").path("type").asString("");
	}

	private static String status(JsonNode message) {
		return message.path("type").asString("").equals(TYPE) ? message.path("payload").path("status").asString("")
				: "";
	}

	private List<Integer> numbers() {
		return this.upstream.received().stream().map(Received::n).toList();
	}

	private List<String> durable(UUID session) {
		return jdbc(this.servers.get(0)).sql(
				"select payload::text from ws_events where session_id = ? and payload::text like '{\"event\"%' order by id")
			.param(session)
			.query(String.class)
			.list();
	}

	private List<String> durableTypes(UUID session) {
		return jdbc(this.servers.get(0)).sql("""
				select payload->'event'->>'type' from ws_events
				where session_id = ? and payload::text like '{"event"%' order by id
				""").param(session).query(String.class).list();
	}

	private void awaitForwarded(UUID session) {
		await().atMost(PATIENCE)
			.until(() -> jdbc(this.servers.get(0))
				.sql("select forwarded_id >= wanted_id from ws_relays where session_id = ?")
				.param(session)
				.query(Boolean.class)
				.single());
	}

	private String state(UUID session) {
		return jdbc(this.servers.get(0)).sql("select state from ws_relays where session_id = ?")
			.param(session)
			.query(String.class)
			.single();
	}

	private static JdbcClient jdbc(TestServer server) {
		return server.bean(JdbcClient.class);
	}

	/**
	 * A customizer that marks messages that may be sent twice.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Marking {

		@Bean
		RelayCustomizer realtime() {
			return new RelayCustomizer() {

				@Override
				public String relay() {
					return "realtime";
				}

				@Override
				public void prepare(RelayHandshake handshake) {
					handshake.headers().add("OpenAI-Beta", "realtime=v1");
				}

				@Override
				public List<JsonNode> toUpstream(RelayMessage message) {
					if (message.payload().path("n").asInt() < 0) {
						throw new IllegalStateException("on purpose");
					}
					ObjectNode marked = JsonNodeFactory.instance.objectNode();
					message.payload().forEachEntry(marked::set);
					return List.of(marked.put("redelivered", message.redelivered()));
				}

				@Override
				public List<JsonNode> fromUpstream(RelayEvent event) {
					if (event.payload().has("throw")) {
						throw new IllegalStateException("on purpose");
					}
					return List.of(event.payload());
				}

			};
		}

	}

}
