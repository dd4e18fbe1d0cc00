package dev.resumablews.internal.cluster;

import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import tools.jackson.databind.JsonNode;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

/**
 * Tests ephemeral events that one node sends to the clients of two nodes.
 */
@TestInstance(Lifecycle.PER_CLASS)
@NotUnderFaults("an ephemeral event may be lost")
class EphemeralEventTests {

	private TwoNodes nodes;

	@BeforeAll
	void start() {
		this.nodes = new TwoNodes();
		this.nodes.awaitListeners();
		try (ResumableWsTestClient client = this.nodes.connect("first")) {
			// so that the first node has recorded that the second one has clients
			await().until(() -> this.nodes.sql()
				.sql("select count(*) from ws_connected_nodes")
				.query(Long.class)
				.single() == 1);
			assertThat(client.isConnected()).isTrue();
		}
	}

	@AfterAll
	void stop() {
		this.nodes.close();
	}

	@Test
	void onlyTheClientsOfTheSessionReceiveAnEphemeralEventOnAllNodes() {
		try (ResumableWsTestClient far = this.nodes.connect("alice");
				ResumableWsTestClient other = this.nodes.connect("alice")) {
			UUID session = TwoNodes.session(far);
			UUID another = TwoNodes.session(other);
			try (ResumableWsTestClient near = resume(this.nodes.first(), "alice", session)) {
				near.await("replay_complete");
				send(session, "typing", Map.of("text", "é \"x\" %s\n 🎉"));
				for (ResumableWsTestClient client : List.of(far, near)) {
					JsonNode event = client.await("typing").json();
					assertThat(event.properties()).extracting(Map.Entry::getKey)
						.containsExactly("type", "ephemeral", "payload");
					assertThat(event.path("ephemeral").asBoolean()).isTrue();
					assertThat(event.path("payload").path("text").asString()).isEqualTo("é \"x\" %s\n 🎉");
				}
				send(another, "typing", Map.of("n", 1));
				other.await("typing");
				assertThat(count(other, "typing")).isEqualTo(1);
				assertThat(count(far, "typing")).isEqualTo(1);
				assertThat(count(near, "typing")).isEqualTo(1);
			}
		}
	}

	@Test
	void allClientsOfAUserReceiveAnEphemeralEventInEverySession() {
		try (ResumableWsTestClient one = this.nodes.connect("bob");
				ResumableWsTestClient two = ResumableWsTestClient.builder(this.nodes.first().uri())
					.tokens(Tokens.ISSUER)
					.user("bob")
					.connect();
				ResumableWsTestClient stranger = this.nodes.connect("bobby")) {
			List.of(one, two, stranger).forEach((client) -> client.await("replay_complete"));
			sessions().sendEphemeralToUser("bob", "notice", Map.of("n", 1));
			assertThat(one.await("notice").json().path("payload").path("n").asInt()).isEqualTo(1);
			assertThat(two.await("notice").json().path("payload").path("n").asInt()).isEqualTo(1);
			sessions().sendEphemeralToUser("bobby", "notice", Map.of("n", 2));
			assertThat(stranger.await("notice").json().path("payload").path("n").asInt()).isEqualTo(2);
			assertThat(count(stranger, "notice")).isEqualTo(1);
		}
	}

	@Test
	void equalEventsAreAllDeliveredInOrder() {
		try (ResumableWsTestClient client = this.nodes.connect("carol")) {
			UUID session = TwoNodes.session(client);
			for (int n = 0; n < 60; n++) {
				send(session, "step", Map.of("n", n / 3));
			}
			for (int n = 0; n < 60; n++) {
				assertThat(client.await("step").json().path("payload").path("n").asInt()).isEqualTo(n / 3);
			}
		}
	}

	@Test
	void anEphemeralEventIsSentAtOnceEvenIfTheTransactionIsRolledBack() {
		try (ResumableWsTestClient client = this.nodes.connect("dave")) {
			UUID session = TwoNodes.session(client);
			assertThatExceptionOfType(RolledBackException.class)
				.isThrownBy(() -> new TransactionTemplate(this.nodes.first().bean(PlatformTransactionManager.class))
					.executeWithoutResult((status) -> {
						send(session, "typing", Map.of());
						client.await("typing");
						throw new RolledBackException();
					}));
		}
	}

	@Test
	void anEventThatIsTooLargeForASignalIsRejectedEvenIfNoClientIsConnected() {
		try (ResumableWsTestClient client = this.nodes.connect("erin")) {
			UUID session = TwoNodes.session(client);
			for (UUID recipient : List.of(session, UUID.randomUUID())) {
				assertThatIllegalArgumentException().isThrownBy(() -> send(recipient, "audio", payload(7917 - 5 + 1)))
					.withMessageContaining("7918 bytes")
					.withMessageContaining("carries at most 7917")
					.withMessageContaining("resumable-ws.cluster.signal to 'redis'");
			}
			send(session, "audio", payload(7917 - 5));
			assertThat(client.await("audio").json().path("payload").path("x").asString()).hasSize(7912 - 8);
		}
	}

	@Test
	void protocolTypesAndPayloadsOtherThanObjectsAreRejected() {
		UUID session = UUID.randomUUID();
		for (String type : List.of("user_message", "assistant_delta", "assistant_message", "error", "Typing", "a b")) {
			assertThatIllegalArgumentException().isThrownBy(() -> send(session, type, Map.of()))
				.withMessageContaining(type);
		}
		assertThatIllegalArgumentException().isThrownBy(() -> sessions().sendEphemeral(session, "typing", "text"))
			.withMessageContaining("JSON object");
	}

	@Test
	void thePollingSignalSendsNothingToOtherNodes() {
		try (TestServer polling = TestServer.start("resumable-ws.cluster.signal", "polling")) {
			assertThatIllegalStateException().isThrownBy(
					() -> polling.bean(ResumableSessions.class).sendEphemeral(UUID.randomUUID(), "typing", Map.of()))
				.withMessageContaining("resumable-ws.cluster.signal");
		}
	}

	@Test
	void aForgedSignalCanOnlySendEphemeralEvents() {
		try (ResumableWsTestClient client = this.nodes.connect("frank")) {
			UUID session = TwoNodes.session(client);
			String prefix = "e " + SignalCodec.encode(UUID.randomUUID()) + " 00000001 s" + SignalCodec.encode(session)
					+ ' ' + SignalCodec.encode(new UUID(0, 0)) + ' ';
			for (String forged : List.of("typing {},\"event_id\":1,\"x\":{}", "typing {}}\n{\"type\":\"tick\"",
					"a\",\"event_id\":1,\"b {}", "typing []", "typing", "typing {\"a\":\n1}")) {
				this.nodes.sql().sql("select pg_notify('resumable_ws', ?)").param(prefix + forged).query().listOfRows();
			}
			this.nodes.sql()
				.sql("select pg_notify('resumable_ws', ?)")
				.param(prefix + "last {\"n\":1}")
				.query()
				.listOfRows();
			client.await("last");
			assertThat(client.frames()).extracting(ServerFrame::type)
				.containsExactly("session_init", "replay_complete", "last");
		}
	}

	@Test
	void ephemeralEventsAreNotStored() {
		try (ResumableWsTestClient client = this.nodes.connect("grace")) {
			UUID session = TwoNodes.session(client);
			send(session, "typing", Map.of("secret", "Xk29vQ"));
			sessions().sendEphemeralToUser("grace", "typing", Map.of("secret", "Xk29vQ"));
			client.await("typing");
			client.await("typing");
			this.nodes.publish(session, 1);
			client.await("tick");
			assertThat(rowsWith("tick")).isPositive();
			assertThat(rowsWith("Xk29vQ")).isZero();
			assertThat(rowsWith("typing")).isZero();
		}
	}

	/**
	 * Returns the number of rows in all tables that contain a text.
	 */
	private long rowsWith(String text) {
		JdbcClient sql = this.nodes.sql();
		List<String> tables = sql.sql("""
				select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables
				where schemaname not in ('pg_catalog', 'information_schema')
				""").query(String.class).list();
		assertThat(tables).hasSizeGreaterThan(5);
		return tables.stream()
			.mapToLong((table) -> sql.sql("select count(*) from " + table + " t where strpos(t::text, ?) > 0")
				.param(text)
				.query(Long.class)
				.single())
			.sum();
	}

	private static Map<String, ?> payload(int bytes) {
		return Map.of("x", "x".repeat(bytes - "{\"x\":\"\"}".length()));
	}

	private static long count(ResumableWsTestClient client, String type) {
		return client.frames().stream().filter((message) -> message.type().equals(type)).count();
	}

	private static ResumableWsTestClient resume(TestServer server, String user, UUID session) {
		return ResumableWsTestClient.builder(server.uri()).tokens(Tokens.ISSUER).user(user).session(session).connect();
	}

	private void send(UUID session, String type, Map<String, ?> payload) {
		sessions().sendEphemeral(session, type, payload);
	}

	private ResumableSessions sessions() {
		return this.nodes.first().bean(ResumableSessions.class);
	}

	private static final class RolledBackException extends RuntimeException {

	}

}
