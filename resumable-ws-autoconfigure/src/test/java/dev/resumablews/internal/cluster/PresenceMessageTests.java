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

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.FaultyPostgres;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import tools.jackson.databind.JsonNode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the messages that report the connections of a session to its clients.
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
	void aClientThatRequestsPresenceReceivesJoinsAndLeavesOfAllNodes() {
		try (ResumableWsTestClient first = ask(this.nodes.first(), "alice", null)) {
			UUID session = first.sessionId();
			String own = connectionId(first);
			JsonNode complete = first.await("presence").json();
			assertThat(complete.toString()).isEqualTo(
					"{\"type\":\"presence\",\"complete\":true,\"joined\":[{\"connection_id\":\"%s\",\"user_id\":\"alice\"}],\"left\":[]}"
						.formatted(own));
			ResumableWsTestClient second = connect(this.nodes.second(), "alice", session);
			String other = connectionId(second);
			assertThat(first.await("presence").json().toString()).isEqualTo(
					"{\"type\":\"presence\",\"joined\":[{\"connection_id\":\"%s\",\"user_id\":\"alice\"}],\"left\":[]}"
						.formatted(other));
			second.close();
			assertThat(first.await("presence").json().toString()).isEqualTo(
					"{\"type\":\"presence\",\"joined\":[],\"left\":[{\"connection_id\":\"%s\",\"user_id\":\"alice\"}]}"
						.formatted(other));
			assertThat(second.frames()).noneMatch((message) -> message.type().equals("presence"));
		}
	}

	@Test
	void connectionsOfADeadNodeLeaveWhenItsHeartbeatIsOverdue() {
		UUID node = UUID.randomUUID();
		UUID connection = UUID.randomUUID();
		try (ResumableWsTestClient client = ask(this.nodes.first(), "bob", null)) {
			UUID session = client.sessionId();
			client.await("presence");
			this.nodes.sql()
				.sql("insert into ws_connected_nodes (node_id, last_seen_at) values (?, clock_timestamp())")
				.param(node)
				.update();
			this.nodes.sql()
				.sql("insert into ws_live_connections (connection_id, session_id, user_id, node_id) values (?, ?, 'bob', ?)")
				.params(connection, session, node)
				.update();
			assertThat(ids(client.await("presence").json(), "joined")).containsExactly(connection.toString());
			assertThat(ids(client.await("presence").json(), "left")).containsExactly(connection.toString());
		}
	}

	@Test
	void randomJoinsAndLeavesOnTwoNodesAreConsistentAndConverge() {
		long seed = new Random().nextLong();
		Random random = new Random(seed);
		try (ResumableWsTestClient near = ask(this.nodes.first(), "carol", null)) {
			UUID session = near.sessionId();
			try (ResumableWsTestClient far = ask(this.nodes.second(), "carol", session)) {
				List<ResumableWsTestClient> open = new ArrayList<>(List.of(near, far));
				for (int step = 0; step < 150; step++) {
					if (open.size() < 4 || open.size() < 25 && random.nextBoolean()) {
						TestServer server = random.nextBoolean() ? this.nodes.first() : this.nodes.second();
						open.add(connect(server, "carol", session));
					}
					else {
						ResumableWsTestClient leaving = open.remove(2 + random.nextInt(open.size() - 2));
						if (random.nextBoolean()) {
							leaving.close();
						}
						else {
							leaving.disconnect();
						}
					}
				}
				Set<String> truth = new HashSet<>();
				open.forEach((client) -> truth.add(connectionId(client)));
				for (ResumableWsTestClient client : List.of(near, far)) {
					await().atMost(PATIENCE)
						.untilAsserted(() -> assertThat(known(client)).as("seed %d", seed).isEqualTo(truth));
				}
				open.forEach(ResumableWsTestClient::close);
			}
		}
	}

	@Test
	void aBurstOfReconnectsCausesFewMessages() {
		try (ResumableWsTestClient client = ask(this.nodes.first(), "dave", null)) {
			UUID session = client.sessionId();
			client.await("presence");
			long began = System.nanoTime();
			for (int i = 0; i < 100; i++) {
				connect(this.nodes.first(), "dave", session).close();
			}
			try (ResumableWsTestClient last = connect(this.nodes.first(), "dave", session)) {
				String id = connectionId(last);
				await().atMost(PATIENCE).until(() -> known(client).equals(Set.of(connectionId(client), id)));
			}
			long intervals = Duration.ofNanos(System.nanoTime() - began).toMillis() / 250;
			assertThat(presence(client)).hasSizeLessThanOrEqualTo((int) intervals + 3);
		}
	}

	@Test
	@NotUnderFaults("counts statements")
	void sessionsWhoseClientsDoNotRequestPresenceCauseNoQueries() {
		try (FaultyPostgres postgres = FaultyPostgres.to(TestPostgres.createDatabase());
				TestServer server = TestServer.builder()
					.database(postgres.url())
					.properties("resumable-ws.cluster.backstop-interval", "100ms")
					.start();
				ResumableWsTestClient client = connect(server, "erin", null)) {
			client.await("replay_complete");
			int before = queries(postgres, "from unnest(?::uuid[], ?::bigint[], ?::text[]) as known");
			await().atMost(PATIENCE)
				.until(() -> queries(postgres, "from unnest(?::uuid[], ?::bigint[], ?::text[]) as known") > before + 5);
			assertThat(queries(postgres, "select s.session_id, c.connection_id, c.user_id")).isZero();
			try (ResumableWsTestClient asking = ask(server, "frank", null)) {
				asking.await("presence");
			}
			assertThat(queries(postgres, "select s.session_id, c.connection_id, c.user_id")).isPositive();
		}
	}

	private static int queries(FaultyPostgres postgres, String part) {
		return postgres.executions()
			.entrySet()
			.stream()
			.filter((execution) -> execution.getKey().replace("$", "?").replaceAll("\\?\\d+", "?").contains(part))
			.mapToInt(Map.Entry::getValue)
			.sum();
	}

	/**
	 * Returns the present connections according to the messages of a client, and asserts
	 * that no message contradicts an earlier one.
	 */
	private static Set<String> known(ResumableWsTestClient client) {
		Map<String, String> known = new HashMap<>();
		for (JsonNode message : presence(client)) {
			assertThat(message.path("complete").asBoolean(false)).isEqualTo(known.isEmpty());
			for (String id : ids(message, "left")) {
				assertThat(known.remove(id)).as("%s left after it had joined", id).isNotNull();
			}
			for (String id : ids(message, "joined")) {
				assertThat(known.put(id, id)).as("%s joined and was not present", id).isNull();
			}
		}
		return known.keySet();
	}

	private static List<JsonNode> presence(ResumableWsTestClient client) {
		return client.frames()
			.stream()
			.filter((message) -> message.type().equals("presence"))
			.map(ServerFrame::json)
			.toList();
	}

	private static List<String> ids(JsonNode message, String field) {
		return message.path(field).valueStream().map((member) -> member.path("connection_id").asString()).toList();
	}

	private static String connectionId(ResumableWsTestClient client) {
		return client.frames().get(0).json().path("connection_id").asString();
	}

	private static ResumableWsTestClient ask(TestServer server, String user, UUID session) {
		return to(server, user, session).query("presence", "true").connect();
	}

	private static ResumableWsTestClient connect(TestServer server, String user, UUID session) {
		return to(server, user, session).connect();
	}

	private static ResumableWsTestClientBuilder to(TestServer server, String user, UUID session) {
		ResumableWsTestClientBuilder client = ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user(user);
		return (session != null) ? client.session(session) : client;
	}

}
