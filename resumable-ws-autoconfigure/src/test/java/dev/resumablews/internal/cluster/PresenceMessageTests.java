package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;

import dev.resumablews.testing.FaultyPostgres;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import dev.resumablews.testing.WsTestClient;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What clients learn of the connections of their session.
 */
@TestInstance(Lifecycle.PER_CLASS)
class PresenceMessageTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private TwoNodes nodes;

	@BeforeAll
	void start() {
		this.nodes = new TwoNodes("resumable-ws.connection.heartbeat-interval", "1s",
				"resumable-ws.connection.heartbeat-timeout", "30s", "resumable-ws.cluster.backstop-interval", "1s",
				"resumable-ws.user.handshakes-per-minute", "0");
		this.nodes.awaitListeners();
	}

	@AfterAll
	void stop() {
		this.nodes.close();
	}

	@Test
	void aClientThatAsksLearnsWhoIsConnectedAndWhoArrivesAndLeavesOnAllNodes() {
		try (WsTestClient first = ask(this.nodes.first(), "alice", null)) {
			JsonNode init = first.await("session_init");
			String session = init.path("session_id").asString();
			String own = init.path("connection_id").asString();
			JsonNode complete = first.await("presence");
			assertThat(complete.toString()).isEqualTo(
					"{\"type\":\"presence\",\"complete\":true,\"joined\":[{\"connection_id\":\"%s\",\"user_id\":\"alice\"}],\"left\":[]}"
						.formatted(own));
			WsTestClient second = connect(this.nodes.second(), "alice", session);
			String other = second.await("session_init").path("connection_id").asString();
			assertThat(first.await("presence").toString()).isEqualTo(
					"{\"type\":\"presence\",\"joined\":[{\"connection_id\":\"%s\",\"user_id\":\"alice\"}],\"left\":[]}"
						.formatted(other));
			second.close();
			assertThat(first.await("presence").toString()).isEqualTo(
					"{\"type\":\"presence\",\"joined\":[],\"left\":[{\"connection_id\":\"%s\",\"user_id\":\"alice\"}]}"
						.formatted(other));
			assertThat(second.messages()).noneMatch((message) -> message.path("type").asString().equals("presence"));
		}
	}

	@Test
	void connectionsOfANodeThatDiesLeaveWhenItsHeartbeatIsOverdue() {
		UUID node = UUID.randomUUID();
		UUID connection = UUID.randomUUID();
		try (WsTestClient client = ask(this.nodes.first(), "bob", null)) {
			UUID session = UUID.fromString(client.await("session_init").path("session_id").asString());
			client.await("presence");
			this.nodes.sql()
				.sql("insert into ws_connected_nodes (node_id, last_seen_at) values (?, clock_timestamp())")
				.param(node)
				.update();
			this.nodes.sql()
				.sql("insert into ws_live_connections (connection_id, session_id, user_id, node_id) values (?, ?, 'bob', ?)")
				.params(connection, session, node)
				.update();
			assertThat(ids(client.await("presence"), "joined")).containsExactly(connection.toString());
			assertThat(ids(client.await("presence"), "left")).containsExactly(connection.toString());
		}
	}

	@Test
	void randomJoinsAndLeavesOnTwoNodesNeverContradictAndConvergeToTheTruth() {
		long seed = new Random().nextLong();
		Random random = new Random(seed);
		try (WsTestClient near = ask(this.nodes.first(), "carol", null)) {
			String session = near.await("session_init").path("session_id").asString();
			try (WsTestClient far = ask(this.nodes.second(), "carol", session)) {
				List<WsTestClient> open = new ArrayList<>(List.of(near, far));
				for (int step = 0; step < 150; step++) {
					if (open.size() < 4 || open.size() < 25 && random.nextBoolean()) {
						TestServer server = random.nextBoolean() ? this.nodes.first() : this.nodes.second();
						open.add(connect(server, "carol", session));
					}
					else {
						WsTestClient leaving = open.remove(2 + random.nextInt(open.size() - 2));
						if (random.nextBoolean()) {
							leaving.close();
						}
						else {
							leaving.abort();
						}
					}
				}
				Set<String> truth = new HashSet<>();
				open.forEach((client) -> truth.add(connectionId(client)));
				for (WsTestClient client : List.of(near, far)) {
					await().atMost(PATIENCE)
						.untilAsserted(() -> assertThat(known(client)).as("seed %d", seed).isEqualTo(truth));
				}
				open.forEach(WsTestClient::close);
			}
		}
	}

	@Test
	void aStormOfReconnectsBecomesFewMessages() {
		try (WsTestClient client = ask(this.nodes.first(), "dave", null)) {
			String session = client.await("session_init").path("session_id").asString();
			client.await("presence");
			long began = System.nanoTime();
			for (int i = 0; i < 100; i++) {
				connect(this.nodes.first(), "dave", session).close();
			}
			try (WsTestClient last = connect(this.nodes.first(), "dave", session)) {
				String id = connectionId(last);
				await().atMost(PATIENCE).until(() -> known(client).equals(Set.of(connectionId(client), id)));
			}
			long intervals = Duration.ofNanos(System.nanoTime() - began).toMillis() / 250;
			assertThat(presence(client)).hasSizeLessThanOrEqualTo((int) intervals + 3);
		}
	}

	@Test
	@NotUnderFaults("counts statements")
	void nothingIsAskedOfPostgresForSessionsWhoseClientsDoNotAsk() {
		try (FaultyPostgres postgres = FaultyPostgres.to(TestPostgres.createDatabase());
				TestServer server = TestServer.builder()
					.database(postgres.url())
					.properties("resumable-ws.cluster.backstop-interval", "100ms")
					.start();
				WsTestClient client = connect(server, "erin", null)) {
			client.await("replay_complete");
			int before = looks(postgres, "from unnest(?::uuid[], ?::bigint[], ?::text[]) as known");
			await().atMost(PATIENCE)
				.until(() -> looks(postgres, "from unnest(?::uuid[], ?::bigint[], ?::text[]) as known") > before + 5);
			assertThat(looks(postgres, "select s.session_id, c.connection_id, c.user_id")).isZero();
			try (WsTestClient asking = ask(server, "frank", null)) {
				asking.await("presence");
			}
			assertThat(looks(postgres, "select s.session_id, c.connection_id, c.user_id")).isPositive();
		}
	}

	private static int looks(FaultyPostgres postgres, String part) {
		return postgres.executions()
			.entrySet()
			.stream()
			.filter((execution) -> execution.getKey().replace("$", "?").replaceAll("\\?\\d+", "?").contains(part))
			.mapToInt(Map.Entry::getValue)
			.sum();
	}

	/**
	 * Returns what a client knows by its messages, and asserts that none contradicts what
	 * it knew before.
	 */
	private static Set<String> known(WsTestClient client) {
		Map<String, String> known = new HashMap<>();
		for (JsonNode message : presence(client)) {
			assertThat(message.path("complete").asBoolean(false)).isEqualTo(known.isEmpty());
			for (String id : ids(message, "left")) {
				assertThat(known.remove(id)).as("%s left and had joined", id).isNotNull();
			}
			for (String id : ids(message, "joined")) {
				assertThat(known.put(id, id)).as("%s joined and was not there", id).isNull();
			}
		}
		return known.keySet();
	}

	private static List<JsonNode> presence(WsTestClient client) {
		return client.messages()
			.stream()
			.filter((message) -> message.path("type").asString().equals("presence"))
			.toList();
	}

	private static List<String> ids(JsonNode message, String field) {
		return message.path(field).valueStream().map((member) -> member.path("connection_id").asString()).toList();
	}

	private static String connectionId(WsTestClient client) {
		await().atMost(PATIENCE).until(() -> !client.messages().isEmpty());
		return client.messages().get(0).path("connection_id").asString();
	}

	private static WsTestClient ask(TestServer server, String user, String session) {
		return to(server, user, session).query("presence", "true").connect();
	}

	private static WsTestClient connect(TestServer server, String user, String session) {
		return to(server, user, session).connect();
	}

	private static WsTestClient.Builder to(TestServer server, String user, String session) {
		WsTestClient.Builder client = WsTestClient.to(server.uri()).query("token", Tokens.forUser(user));
		return (session != null) ? client.query("sessionId", session) : client;
	}

}
