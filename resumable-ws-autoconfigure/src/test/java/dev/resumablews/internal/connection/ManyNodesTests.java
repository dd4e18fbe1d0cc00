package dev.resumablews.internal.connection;

import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;

import javax.sql.DataSource;

import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.node.NodeId;
import dev.resumablews.test.client.HandshakeRejectedException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests presence, and the limits that depend on it, on several nodes.
 */
@TestInstance(Lifecycle.PER_CLASS)
class ManyNodesTests {

	private static final Duration PATIENCE = Duration.ofSeconds(40);

	private static final Duration HEARTBEAT = Duration.ofSeconds(2);

	private String database;

	private TestServer a;

	private TestServer b;

	private JdbcClient sql;

	@BeforeAll
	void start() {
		this.database = TestPostgres.createDatabase();
		this.a = startNode();
		this.b = startNode();
		this.sql = this.a.bean(JdbcClient.class);
	}

	@AfterAll
	void stop() {
		this.a.close();
		this.b.close();
	}

	@Test
	void connectionsOfAUserAreLimitedOverAllNodes() {
		List<ResumableWsTestClient> clients = new ArrayList<>();
		List<ResumableWsTestClient> ofA = List.of(connect(this.a, "alice"), connect(this.a, "alice"));
		awaitOnline("alice", 2);
		clients.add(connect(this.b, "alice"));
		clients.get(0).await("replay_complete");
		assertThat(awaitRefused(this.b, "alice").status()).isEqualTo(429);
		awaitOnline("alice", 3);
		HandshakeRejectedException refused = awaitRefused(this.a, "alice");
		assertThat(refused.status()).isEqualTo(429);
		assertThat(refused.headers().firstValue("Retry-After")).isPresent();
		connect(this.a, "bob").close();
		ofA.forEach(ResumableWsTestClient::close);
		for (int i = 0; i < 2; i++) {
			await().atMost(PATIENCE)
				.ignoreExceptionsInstanceOf(HandshakeRejectedException.class)
				.until(() -> clients.add(connect(this.b, "alice")));
		}
		clients.forEach(ResumableWsTestClient::close);
		awaitOnline("alice", 0);
	}

	@Test
	void connectionsOfAKilledNodeCountForTwoHeartbeatsAtMost() {
		UUID killed = UUID.randomUUID();
		this.sql.sql("insert into ws_connected_nodes (node_id) values (?)").param(killed).update();
		OffsetDateTime death = this.sql.sql("select clock_timestamp()").query(OffsetDateTime.class).single();
		for (int i = 0; i < 3; i++) {
			this.sql.sql(
					"insert into ws_live_connections (connection_id, session_id, user_id, node_id) values (?, ?, ?, ?)")
				.params(UUID.randomUUID(), UUID.randomUUID(), "carol", killed)
				.update();
		}
		assertThat(online(this.a, "carol")).isEqualTo(3);
		assertThat(awaitRefused(this.a, "carol").status()).isEqualTo(429);
		await().atMost(PATIENCE)
			.pollInterval(Duration.ofMillis(50))
			.ignoreExceptionsInstanceOf(HandshakeRejectedException.class)
			.untilAsserted(() -> connect(this.b, "carol").close());
		OffsetDateTime now = this.sql.sql("select clock_timestamp()").query(OffsetDateTime.class).single();
		assertThat(Duration.between(death, now)).isBetween(HEARTBEAT.multipliedBy(2), HEARTBEAT.multipliedBy(4));
		awaitOnline("carol", 0);
		assertThat(rowsOf(killed)).isEqualTo(3);
	}

	@Test
	void aLongConnectionIsCountedThroughoutAndKeepsItsAge() {
		try (ResumableWsTestClient client = connect(this.a, "dave")) {
			client.await("replay_complete");
			awaitOnline("dave", 1);
			OffsetDateTime connected = connectedAt("dave");
			await().atMost(PATIENCE)
				.until(() -> this.sql
					.sql("select n.last_seen_at - c.connected_at > interval '5 s' from ws_live_connections c"
							+ " join ws_connected_nodes n on n.node_id = c.node_id where c.user_id = 'dave'")
					.query(Boolean.class)
					.single());
			assertThat(online(this.a, "dave")).isEqualTo(1);
			assertThat(online(this.b, "dave")).isEqualTo(1);
			assertThat(connectedAt("dave")).isEqualTo(connected);
			// a crash of Postgres empties these unlogged tables
			this.sql.sql("truncate ws_live_connections, ws_connected_nodes").update();
			awaitOnline("dave", 1);
			assertThat(Duration.between(connected, connectedAt("dave")).abs()).isLessThan(Duration.ofSeconds(1));
		}
	}

	@Test
	void anotherNodeStoresTheFirstEventOfAnEmptySession() {
		try (ResumableWsTestClient client = connect(this.a, "frank")) {
			UUID session = client.sessionId();
			client.await("replay_complete");
			assertThat(stored(session)).isZero();
			this.b.bean(ResumableSessions.class).publish(session, "tick", Map.of());
			assertThat(client.awaitEvent("tick").eventId()).isEqualTo(1);
			assertThat(stored(session)).isOne();
		}
	}

	@Test
	void theOldestConnectionOfASessionIsClosedOnWhicheverNodeItIs() {
		try (ResumableWsTestClient first = connect(this.a, "erin")) {
			UUID session = first.sessionId();
			try (ResumableWsTestClient second = resume(this.b, "erin", session);
					ResumableWsTestClient third = resume(this.b, "erin", session)) {
				assertThat(first.awaitClose().code()).isEqualTo(4409);
				assertAnswers(second);
				try (ResumableWsTestClient fourth = resume(this.a, "erin", session)) {
					assertThat(second.awaitClose().code()).isEqualTo(4409);
					assertAnswers(third);
					assertAnswers(fourth);
				}
			}
		}
	}

	@Test
	void aStoppedNodeLeavesNoConnectionRows() {
		UUID node;
		try (TestServer c = startNode()) {
			node = c.bean(NodeId.class).value();
			connect(c, "frank");
			connect(c, "grace");
			await().atMost(PATIENCE).until(() -> rowsOf(node) == 2);
		}
		assertThat(rowsOf(node)).isZero();
		assertThat(online(this.a, "frank")).isZero();
	}

	@Test
	void countingConnectionsDelaysAHandshakeOnlyBriefly() {
		TransactionTemplate transaction = new TransactionTemplate(
				new JdbcTransactionManager(this.a.bean(DataSource.class)));
		transaction.executeWithoutResult((status) -> {
			this.sql.sql("lock table ws_live_connections in access exclusive mode").update();
			List<ResumableWsTestClient> clients = new ArrayList<>();
			for (int i = 0; i < 3; i++) {
				clients.add(connect(this.b, "heidi"));
				clients.get(i).await("replay_complete");
			}
			assertThatExceptionOfType(HandshakeRejectedException.class).isThrownBy(to(this.b, "heidi")::connect)
				.returns(429, HandshakeRejectedException::status);
			clients.forEach(ResumableWsTestClient::close);
		});
	}

	private void awaitOnline(String user, int count) {
		for (TestServer node : List.of(this.a, this.b)) {
			await().atMost(PATIENCE).until(() -> online(node, user) == count);
		}
	}

	/**
	 * Waits until a node rejects a user. A node that has not found other nodes yet may
	 * admit some connections before it counts theirs.
	 */
	private static HandshakeRejectedException awaitRefused(TestServer node, String user) {
		return await().atMost(PATIENCE).until(() -> {
			try (ResumableWsTestClient let = connect(node, user)) {
				let.await("replay_complete");
				return null;
			}
			catch (HandshakeRejectedException ex) {
				return ex;
			}
		}, Objects::nonNull);
	}

	private static int online(TestServer node, String user) {
		return node.bean(ResumableSessions.class).connectionCount(user);
	}

	private long stored(UUID session) {
		return this.sql.sql("select count(*) from ws_sessions where session_id = ?")
			.param(session)
			.query(Long.class)
			.single();
	}

	private int rowsOf(UUID node) {
		return this.sql.sql("select count(*) from ws_live_connections where node_id = ?")
			.param(node)
			.query(Integer.class)
			.single();
	}

	private OffsetDateTime connectedAt(String user) {
		return this.sql.sql("select connected_at from ws_live_connections where user_id = ?")
			.param(user)
			.query(OffsetDateTime.class)
			.single();
	}

	private static void assertAnswers(ResumableWsTestClient client) {
		client.sendOnce("{\"type\":\"ping\"}");
		assertThat(client.await("pong")).isNotNull();
	}

	private TestServer startNode() {
		return TestServer.builder()
			.database(this.database)
			.properties("resumable-ws.connection.heartbeat-interval", HEARTBEAT.toMillis() + "ms",
					"resumable-ws.connection.max-per-user", "3", "resumable-ws.connection.max-per-session", "2")
			.start();
	}

	private static ResumableWsTestClient connect(TestServer node, String user) {
		return to(node, user).connect();
	}

	private static ResumableWsTestClient resume(TestServer node, String user, UUID session) {
		ResumableWsTestClient client = to(node, user).session(session).connect();
		client.await("replay_complete");
		return client;
	}

	private static ResumableWsTestClientBuilder to(TestServer node, String user) {
		return ResumableWsTestClient.builder(node.uri()).tokens(Tokens.ISSUER).user(user).timeout(PATIENCE);
	}

}
