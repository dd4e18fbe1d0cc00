package dev.resumablews.internal.connection;

import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.LongStream;

import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.epoch.Forks;
import dev.resumablews.test.client.HandshakeRejectedException;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import tools.jackson.databind.JsonNode;

import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Tests a log that is rolled back, as by a restore or a failover that loses commits, and
 * continued by a node with another epoch.
 */
@TestInstance(Lifecycle.PER_CLASS)
class EpochTests {

	private TestServer before;

	private TestServer after;

	@BeforeAll
	void start() {
		String database = TestPostgres.createDatabase();
		this.before = server(database, "before");
		this.after = server(database, "after");
	}

	@AfterAll
	void stop() {
		this.before.close();
		this.after.close();
	}

	@Test
	void aClientThatIsAheadOfARestoredLogIsRewoundToTheFork() {
		Session session = written(10);
		rollBack(session.id(), 4);
		publish(this.after, session.id(), 5, 12);
		try (ResumableWsTestClient client = connect(this.after, session, 10)) {
			JsonNode init = client.await("session_init").json();
			assertThat(init.path("resumed").asBoolean(true)).isFalse();
			assertThat(init.path("reason").asString("")).isEqualTo("history_diverged");
			assertThat(init.path("rewind_to").asLong(-1)).isEqualTo(4);
			assertThat(init.path("session_id").asString("")).isEqualTo(session.id().toString());
			assertReplayed(client, 5, 12);
		}
	}

	@Test
	void aClientThatIsAheadOfAnUnchangedRestoredLogIsRewoundToo() {
		Session session = written(10);
		rollBack(session.id(), 4);
		for (TestServer server : List.of(this.before, this.after)) {
			try (ResumableWsTestClient client = connect(server, session, 10)) {
				JsonNode init = client.await("session_init").json();
				assertThat(init.path("reason").asString("")).isEqualTo("history_diverged");
				assertThat(init.path("rewind_to").asLong(-1)).isEqualTo(4);
				assertThat(client.await(ServerFrame.ReplayComplete.class).count()).isZero();
			}
		}
	}

	@Test
	void aClientWithACursorBeforeTheForkIsResumed() {
		Session session = written(10);
		rollBack(session.id(), 4);
		publish(this.after, session.id(), 5, 12);
		try (ResumableWsTestClient client = connect(this.after, session, 3)) {
			JsonNode init = client.await("session_init").json();
			assertThat(init.path("resumed").asBoolean(false)).isTrue();
			assertThat(init.has("reason")).isFalse();
			assertThat(init.path("rewind_to").asLong(-1)).isEqualTo(4);
			assertReplayed(client, 4, 12);
		}
	}

	@Test
	void aClientIsRewoundToTheBeginningOfAReplyThatRunsAtTheFork() {
		Session session = written(10);
		makeStarted(session, 3, 1);
		rollBack(session.id(), 4);
		publish(this.after, session.id(), 5, 12);
		try (ResumableWsTestClient client = connect(this.after, session, 10)) {
			assertThat(client.await("session_init").json().path("rewind_to").asLong(-1)).isEqualTo(2);
		}
	}

	@Test
	void anAttemptThatWasTakenOverDoesNotExtendTheRewind() {
		Session session = written(10);
		UUID abandoned = makeStarted(session, 2, 1);
		UUID answer = makeStarted(session, 3, 1);
		assertThat(abandoned).isNotEqualTo(answer);
		sql().sql("update ws_events set type = 'assistant_message', message_id = ? where session_id = ? and id = 4")
			.params(answer, session.id())
			.update();
		rollBack(session.id(), 6);
		publish(this.after, session.id(), 7, 12);
		try (ResumableWsTestClient client = connect(this.after, session, 10)) {
			assertThat(client.await("session_init").json().path("rewind_to").asLong(-1)).isEqualTo(6);
		}
	}

	@Test
	void anEpochChangeWithoutLossRepeatsNoEvents() {
		Session session = written(10);
		publish(this.after, session.id(), 11, 12);
		try (ResumableWsTestClient client = connect(this.after, session, 10)) {
			assertThat(client.await(ServerFrame.SessionInit.class).isResumed()).isTrue();
			assertReplayed(client, 11, 12);
		}
	}

	@Test
	void aConnectedClientReceivesAnEpochChangeWithoutLoss() {
		Session session = written(10);
		try (ResumableWsTestClient client = connect(this.before, session, 10)) {
			client.await("replay_complete");
			publish(this.after, session.id(), 11, 12);
			JsonNode change = client.await("session_epoch").json();
			assertThat(change.path("rewind_to").asLong(-1)).isEqualTo(10);
			client.await(ServerFrame.class, (message) -> message.json().path("event_id").asLong(0) == 12);
			assertThat(client.frames()).extracting(ServerFrame::type).endsWith("session_epoch", "tick", "tick");
			Session now = new Session(session.id(), change.path("epoch").asString(""));
			try (ResumableWsTestClient again = connect(this.after, now, 12)) {
				JsonNode init = again.await("session_init").json();
				assertThat(init.path("resumed").asBoolean(false)).isTrue();
				assertThat(init.has("rewind_to")).isFalse();
				assertThat(init.path("epoch").asString("")).isEqualTo(now.epoch());
			}
		}
	}

	@Test
	void aConnectionEndsWhenItsClientHasReceivedLostEvents() {
		Session session = written(10);
		try (ResumableWsTestClient client = connect(this.before, session, 10)) {
			client.await("replay_complete");
			rollBack(session.id(), 4);
			publish(this.after, session.id(), 5, 12);
			assertThat(client.awaitClose().code()).isEqualTo(1012);
			assertThat(client.frames()).noneMatch((message) -> message.json().path("event_id").asLong(0) > 10);
		}
		try (ResumableWsTestClient client = connect(this.before, session, 10)) {
			assertThat(client.await("session_init").json().path("rewind_to").asLong(-1)).isEqualTo(4);
			assertReplayed(client, 5, 12);
		}
	}

	@Test
	void aConnectionEndsWhenItsNodeAppendsToTheRestoredLog() {
		Session session = written(10);
		try (ResumableWsTestClient client = connect(this.before, session, 10)) {
			client.await("replay_complete");
			rollBack(session.id(), 4);
			publish(this.before, session.id(), 5, 5);
			assertThat(client.awaitClose().code()).isEqualTo(1012);
		}
	}

	@Test
	void aConnectionEndsWhenTheLogEndsBeforeItsCursor() {
		Session session = written(10);
		try (ResumableWsTestClient client = connect(this.before, session, 10)) {
			client.await("replay_complete");
			rollBack(session.id(), 4);
			assertThat(client.awaitClose().code()).isEqualTo(1012);
		}
	}

	@Test
	void aConnectionEndsWhenItsSessionIsLost() {
		Session session = written(10);
		try (ResumableWsTestClient client = connect(this.before, session, 10)) {
			client.await("replay_complete");
			sql().sql("delete from ws_sessions where session_id = ?").param(session.id()).update();
			assertThat(client.awaitClose().code()).isEqualTo(1012);
		}
		try (ResumableWsTestClient client = connect(this.after, session, 10)) {
			JsonNode init = client.await("session_init").json();
			assertThat(init.path("reason").asString("")).isEqualTo("unknown_session");
			assertThat(init.path("rewind_to").asLong(-1)).isZero();
		}
		try (ResumableWsTestClient client = connect(this.before, session, 10)) {
			assertThat(client.await("session_init").json().has("rewind_to")).isFalse();
		}
	}

	@Test
	void aResumeOnAnOpenConnectionChecksTheEpochToo() {
		Session session = written(10);
		rollBack(session.id(), 4);
		publish(this.after, session.id(), 5, 12);
		try (ResumableWsTestClient client = connect(this.after, new Session(session.id(), null), 12)) {
			client.await("replay_complete");
			client.sendOnce(Map.of("type", "resume", "lastEventId", 4, "epoch", session.known()));
			assertReplayed(client, 5, 12);
			client.sendOnce(Map.of("type", "resume", "lastEventId", 10, "epoch", session.known()));
			assertThat(client.awaitClose().code()).isEqualTo(1012);
		}
	}

	@Test
	void aClientWithoutAnEpochIsResumedByItsCursor() {
		Session session = written(10);
		rollBack(session.id(), 4);
		Session unnamed = new Session(session.id(), null);
		try (ResumableWsTestClient client = connect(this.after, unnamed, 10)) {
			JsonNode init = client.await("session_init").json();
			assertThat(init.path("reason").asString("")).isEqualTo("ahead_of_log");
			assertThat(init.has("rewind_to")).isFalse();
		}
		publish(this.after, session.id(), 5, 12);
		try (ResumableWsTestClient client = connect(this.after, unnamed, 10)) {
			assertThat(client.await(ServerFrame.SessionInit.class).isResumed()).isTrue();
			assertReplayed(client, 11, 12);
		}
	}

	@Test
	void anUnknownEpochIsRejected() {
		for (String epoch : List.of("1", "x.1", "aaaaaaaaaaaa.1-")) {
			HandshakeRejectedException refused = catchThrowableOfType(HandshakeRejectedException.class,
					to(this.before).query("epoch", epoch)::connect);
			assertThat(refused.status()).isEqualTo(400);
		}
		Session session = written(1);
		try (ResumableWsTestClient client = connect(this.before, session, 1)) {
			client.await("replay_complete");
			client.sendOnce(Map.of("type", "resume", "lastEventId", 0, "epoch", 7));
			assertThat(client.await(ServerFrame.Error.class).code()).isEqualTo("invalid");
		}
	}

	@Test
	void manyEpochsAreStoredCompactly() {
		Session session = written(1);
		for (int i = 1; i < 60; i++) {
			String forks = forks(session.id());
			sql()
				.sql("""
						update ws_sessions
						set forks = ws_forks(forks, ws_epoch('epoch ' || ?), last_event_id + 1), last_event_id = last_event_id + 1
						where session_id = ?
						""")
				.params(i, session.id())
				.update();
			assertThat(forks(session.id())).isNotEqualTo(forks).hasSizeLessThan(560);
			assertThat(Forks.isValid(forks(session.id()))).isTrue();
		}
		Session now = new Session(session.id(), forks(session.id()));
		publish(this.after, session.id(), 61, 61);
		try (ResumableWsTestClient client = connect(this.after, now, 60)) {
			assertThat(client.await(ServerFrame.SessionInit.class).isResumed()).isTrue();
		}
		try (ResumableWsTestClient client = connect(this.after, session, 10)) {
			assertThat(client.await("session_init").json().path("rewind_to").asLong(-1)).isZero();
		}
	}

	private String forks(UUID session) {
		return sql().sql("select forks from ws_sessions where session_id = ?")
			.param(session)
			.query(String.class)
			.single();
	}

	/**
	 * Creates a session whose client has received some events.
	 */
	private Session written(int count) {
		try (ResumableWsTestClient client = to(this.before).connect()) {
			JsonNode init = client.await("session_init").json();
			UUID id = UUID.fromString(init.path("session_id").asString());
			publish(this.before, id, 1, count);
			client.await(ServerFrame.class, (message) -> message.json().path("event_id").asLong(0) == count);
			return new Session(id, init.path("epoch").asString(""));
		}
	}

	private void rollBack(UUID session, long lastEventId) {
		sql().sql("delete from ws_events where session_id = ? and id > ?").params(session, lastEventId).update();
		sql().sql("update ws_sessions set last_event_id = ? where session_id = ?")
			.params(lastEventId, session)
			.update();
	}

	/**
	 * Turns an event into the start of an attempt at a reply.
	 * @return the message id of the attempt
	 */
	private UUID makeStarted(Session session, long eventId, long inReplyTo) {
		UUID messageId = UUID.randomUUID();
		sql().sql("""
				update ws_events
				set type = 'assistant_started', message_id = ?, payload = json_build_object('in_reply_to', ?)
				where session_id = ? and id = ?
				""").params(messageId, inReplyTo, session.id(), eventId).update();
		return messageId;
	}

	private JdbcClient sql() {
		return this.before.bean(JdbcClient.class);
	}

	private static void publish(TestServer server, UUID session, long first, long last) {
		for (long n = first; n <= last; n++) {
			server.bean(ResumableSessions.class).publish(session, "tick", Map.of("n", n));
		}
	}

	private static void assertReplayed(ResumableWsTestClient client, long first, long last) {
		client.await("replay_complete");
		assertThat(client.frames().stream().filter((message) -> message.json().path("replay").asBoolean(false)))
			.extracting((message) -> message.json().path("event_id").asLong(0))
			.containsExactlyElementsOf(LongStream.rangeClosed(first, last).boxed().toList());
	}

	private static ResumableWsTestClient connect(TestServer server, Session session, long lastEventId) {
		ResumableWsTestClientBuilder builder = to(server).session(session.id(), lastEventId);
		if (session.epoch() != null) {
			builder = builder.query("epoch", session.epoch());
		}
		return builder.connect();
	}

	private static ResumableWsTestClientBuilder to(TestServer server) {
		return ResumableWsTestClient.builder(server.uri()).tokens(Tokens.ISSUER).user("alice");
	}

	private static TestServer server(String database, String epoch) {
		return TestServer.builder()
			.database(database)
			.properties("resumable-ws.log.epoch", epoch, "resumable-ws.cluster.backstop-interval", "200ms",
					"resumable-ws.shutdown.reconnect-window", "0s")
			.start();
	}

	/**
	 * The id of a session, and the epoch that its client received.
	 */
	private record Session(UUID id, @Nullable String epoch) {

		String known() {
			return (this.epoch != null) ? this.epoch : "";
		}

	}

}
