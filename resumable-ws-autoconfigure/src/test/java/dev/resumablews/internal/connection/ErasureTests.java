package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableSessions;
import dev.resumablews.ResumableWsListener;
import dev.resumablews.SecurityEvent;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.testing.NotUnderFaults;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests that an application can erase sessions and users that are in use, on two nodes.
 */
@TestInstance(Lifecycle.PER_CLASS)
@NotUnderFaults("An erasure whose answer is lost fails, and is to be repeated")
class ErasureTests {

	private static final Duration PATIENCE = Duration.ofSeconds(40);

	private static final List<String> TABLES = List.of("ws_sessions", "ws_empty_sessions", "ws_events",
			"ws_idempotency_keys", "ws_replies", "ws_live_connections");

	private TestServer a;

	private TestServer b;

	private JdbcClient sql;

	@BeforeAll
	void start() {
		String database = TestPostgres.createDatabase();
		this.a = start(database);
		this.b = start(database);
		this.sql = this.a.bean(JdbcClient.class);
	}

	private static TestServer start(String database) {
		return TestServer.builder()
			.database(database)
			.with(Application.class)
			.properties("resumable-ws.cluster.backstop-interval", "1h", "resumable-ws.reply.lease", "2s",
					"resumable-ws.cleanup.enabled", "false")
			.start();
	}

	@AfterAll
	void stop() {
		this.a.close();
		this.b.close();
	}

	@Test
	void erasingAUserDuringConnectionsAndRepliesLeavesNoRows() {
		try (ResumableWsTestClient answered = connect(this.b, "alice");
				ResumableWsTestClient writing = connect(this.a, "alice");
				ResumableWsTestClient looking = connect(this.b, "alice");
				ResumableWsTestClient bob = connect(this.b, "bob")) {
			List<UUID> sessions = new ArrayList<>();
			List.of(answered, writing, looking).forEach((client) -> sessions.add(session(client)));
			UUID bobs = session(bob);
			answered.say("endless");
			bob.say("endless");
			answered.await("assistant_delta");
			bob.await("assistant_delta");
			writing.sendOnce(Map.of("type", "note", "payload", Map.of(), "idempotency_key", UUID.randomUUID()));
			writing.await("noted");
			UUID closed = sessions.get(1);
			assertThat(sessions(this.a).close(closed)).isTrue();
			assertThat(writing.awaitClose().code()).isEqualTo(1000);

			assertThat(sessions(this.a).erase("alice")).isEqualTo(3);

			// the close code depends on which signal the other node receives first
			assertThat(answered.awaitClose().code()).isIn(4401, 1012);
			assertThat(looking.awaitClose().code()).isIn(4401, 1012);
			for (String table : TABLES.subList(0, TABLES.size() - 1)) {
				assertThat(rows(table, sessions)).as(table).isZero();
			}
			await().atMost(PATIENCE).until(() -> rows("ws_live_connections", sessions) == 0);
			await().atMost(PATIENCE)
				.untilAsserted(() -> assertThat(this.b.bean(Application.class).outcomes).contains("abandoned"));
			assertThat(TABLES).allSatisfy((table) -> assertThat(rows(table, sessions)).as(table).isZero());
			assertThat(sessions).allMatch((id) -> !this.b.bean(SessionFeeds.class).has(id));
			assertThat(sessions(this.a).erase("alice")).isZero();

			bob.await("assistant_delta");
			assertThat(sessions(this.a).find(bobs)).isPresent();
			try (ResumableWsTestClient back = to(this.b, "alice").session(sessions.get(0), 2).connect()) {
				JsonNode init = back.await("session_init").json();
				assertThat(init.path("resumed").asBoolean()).isFalse();
				assertThat(init.path("reason").asString("")).isEqualTo("unknown_session");
				assertThat(init.path("session_id").asString("")).isNotEqualTo(sessions.get(0).toString());
			}
			await().atMost(PATIENCE)
				.untilAsserted(() -> assertThat(this.a.bean(Application.class).events)
					.contains(new SecurityEvent(SecurityEvent.Kind.ERASED, "alice", null, "user")));
		}
	}

	@Test
	void connectionsOfAnErasedSessionEndOnAllNodes() {
		try (ResumableWsTestClient here = connect(this.a, "carol")) {
			UUID session = session(here);
			sessions(this.a).publish(session, "tick", Map.of());
			here.await("tick");
			try (ResumableWsTestClient there = to(this.b, "carol").session(session).connect();
					ResumableWsTestClient other = connect(this.b, "carol")) {
				there.await("replay_complete");
				session(other);
				assertThat(sessions(this.a).erase(session)).isTrue();
				assertThat(here.awaitClose().code()).isEqualTo(1012);
				assertThat(there.awaitClose().code()).isEqualTo(1012);
				assertAnswers(other);
			}
			assertThat(sessions(this.b).find(session)).isEmpty();
			assertThat(sessions(this.b).history(session, 0, 10)).isEmpty();
			assertThatExceptionOfType(UnknownSessionException.class)
				.isThrownBy(() -> sessions(this.b).publish(session, "tick", Map.of()));
			assertThat(sessions(this.b).erase(session)).isFalse();
			await().atMost(PATIENCE)
				.untilAsserted(() -> assertThat(this.a.bean(Application.class).events)
					.contains(new SecurityEvent(SecurityEvent.Kind.ERASED, "carol", null, "session")));
		}
	}

	@Test
	void aSessionWithoutEventsIsErasedToo() {
		try (ResumableWsTestClient there = connect(this.b, "dora")) {
			UUID session = session(there);
			assertThat(sessions(this.a).erase(session)).isTrue();
			assertThat(there.awaitClose().code()).isEqualTo(1012);
			assertThat(rows("ws_empty_sessions", List.of(session))).isZero();
		}
	}

	@Test
	void appendsDuringAnErasureLeaveNoRows() {
		for (int round = 0; round < 10; round++) {
			try (ResumableWsTestClient client = connect(this.b, "erin")) {
				UUID session = session(client);
				AtomicBoolean refused = new AtomicBoolean();
				List<CompletableFuture<Void>> writers = List.of(this.a, this.b)
					.stream()
					.map((node) -> CompletableFuture.runAsync(() -> publishUntilRefused(node, session, refused)))
					.toList();
				await().atMost(PATIENCE).until(() -> rows("ws_events", List.of(session)) > 10);
				assertThat(sessions(this.a).erase("erin")).isEqualTo(1);
				writers.forEach((writer) -> assertThat(writer).succeedsWithin(PATIENCE));
				assertThat(refused).isTrue();
				assertThat(rows("ws_events", List.of(session))).isZero();
				assertThat(rows("ws_sessions", List.of(session))).isZero();
			}
		}
	}

	private static void publishUntilRefused(TestServer node, UUID session, AtomicBoolean refused) {
		try {
			while (true) {
				sessions(node).publish(session, "tick", Map.of());
			}
		}
		catch (UnknownSessionException ex) {
			refused.set(true);
		}
	}

	@Test
	void aPartialErasureCanBeRepeated() {
		try (ResumableWsTestClient client = connect(this.b, "fred")) {
			UUID session = session(client);
			client.sendOnce(Map.of("type", "note", "payload", Map.of(), "idempotency_key", UUID.randomUUID()));
			client.await("noted");
			this.sql.sql("""
					create function refuse() returns trigger language plpgsql as $$ begin raise 'not now'; end $$;
					create trigger refuse before delete on ws_idempotency_keys execute function refuse();
					""").update();
			try {
				assertThatExceptionOfType(EventLogUnavailableException.class)
					.isThrownBy(() -> sessions(this.a).erase("fred"));
			}
			finally {
				this.sql.sql("drop function refuse cascade").update();
			}
			assertThatExceptionOfType(UnknownSessionException.class)
				.isThrownBy(() -> sessions(this.b).publish(session, "tick", Map.of()));
			assertThat(sessions(this.a).erase("fred")).isEqualTo(1);
			assertThat(TABLES.subList(0, 5)).allMatch((table) -> rows(table, List.of(session)) == 0);
		}
	}

	private long rows(String table, List<UUID> sessions) {
		return this.sql.sql("select count(*) from " + table + " where session_id in (:sessions)")
			.param("sessions", sessions)
			.query(Long.class)
			.single();
	}

	private static ResumableSessions sessions(TestServer node) {
		return node.bean(ResumableSessions.class);
	}

	private static ResumableWsTestClient connect(TestServer node, String user) {
		return to(node, user).connect();
	}

	private static ResumableWsTestClientBuilder to(TestServer node, String user) {
		return ResumableWsTestClient.builder(node.uri()).tokens(Tokens.ISSUER).user(user).timeout(PATIENCE);
	}

	private static UUID session(ResumableWsTestClient client) {
		JsonNode init = client.await("session_init").json();
		client.await("replay_complete");
		return UUID.fromString(init.path("session_id").asString(""));
	}

	private static void assertAnswers(ResumableWsTestClient client) {
		client.sendOnce("{\"type\":\"ping\"}");
		assertThat(client.await("pong")).isNotNull();
	}

	@Configuration(proxyBeanMethods = false)
	static class Application implements ResumableWsListener {

		final List<SecurityEvent> events = new CopyOnWriteArrayList<>();

		final List<String> outcomes = new CopyOnWriteArrayList<>();

		@Override
		public void onSecurityEvent(SecurityEvent event) {
			this.events.add(event);
		}

		@Override
		public void onReplyEnded(String outcome, Duration duration) {
			this.outcomes.add(outcome);
		}

		@Bean
		static ReplyGenerator endless() {
			return (request) -> Flux.interval(Duration.ofMillis(20)).map((n) -> ReplyPart.text("x "));
		}

		@Bean
		static ClientMessageHandler notes(ObjectProvider<ResumableSessions> sessions) {
			return new ClientMessageHandler() {

				@Override
				public String type() {
					return "note";
				}

				@Override
				public void handle(ClientMessage message) {
					sessions.getObject().publish(message.sessionId(), "noted", Map.of());
				}

			};
		}

	}

}
