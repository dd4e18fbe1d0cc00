package dev.resumablews.internal.log;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import reactor.core.publisher.Flux;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that the number of stored bytes of a session matches the log after every
 * operation that stores or removes events.
 */
@TestInstance(Lifecycle.PER_CLASS)
class StoredBytesTests {

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private final String user = "user " + UUID.randomUUID();

	private TestServer server;

	private ResumableSessions sessions;

	private JdbcClient sql;

	@BeforeAll
	void start() {
		this.server = TestServer.builder()
			.with(Application.class)
			.properties("resumable-ws.cleanup.interval", "200ms", "resumable-ws.cleanup.batch-size", "20",
					"resumable-ws.user.max-running-replies", "0")
			.start();
		this.sessions = this.server.bean(ResumableSessions.class);
		this.sql = this.server.bean(JdbcClient.class);
	}

	@AfterAll
	void stop() {
		this.server.close();
	}

	@Test
	void publishedEventsAreCounted() {
		try (ResumableWsTestClient one = connect(); ResumableWsTestClient two = connect()) {
			UUID session = session(one);
			UUID other = session(two);
			long before = counted();
			this.sessions.publish(session, "tick", Map.of("text", "\u00e9\u00e9 \uD83D\uDE00"));
			assertThat(counted() - before).isEqualTo("{'text':'..'}".length() + 2 + 1 + 4);
			IntStream.range(0, 100)
				.mapToObj((n) -> this.sessions.publishAsync(session, "tick", Map.of("n", n)))
				.toList()
				.forEach(CompletableFuture::join);
			this.sessions.publishToUser(this.user, "hello", Map.of("a", 1));
			new TransactionTemplate(this.server.bean(PlatformTransactionManager.class))
				.executeWithoutResult((status) -> {
					this.sessions.publish(session, "order", Map.of());
					this.sessions.publish(other, "order", Map.of("b", 2));
					this.sessions.publish(session, "order", Map.of("c", 3));
				});
			assertExact();
			this.sessions.close(other);
			assertThat(counted()).isEqualTo(inTheLog());
		}
	}

	@Test
	void replacedDeltasAreNoLongerCounted() {
		try (ResumableWsTestClient client = connect()) {
			UUID session = session(client);
			say(client, "twice the same");
			say(client, "long");
			awaitDeltas(session, 5);
			assertExact();
			client.await("assistant_message");
			client.await("assistant_message");
			assertExact();
			say(client, "endless");
			awaitDeltas(session, 5);
			this.sql.sql("update ws_events set payload_bytes = null where session_id = ? and id % 2 = 0")
				.param(session)
				.update();
			client.sendOnce(Map.of("type", "cancel"));
			client.await("assistant_message");
			assertExact();
			say(client, "fail");
			client.await("assistant_failed");
			assertThat(deltas(session)).isPositive();
			assertExact();
		}
	}

	@Test
	void removedEventsAreNoLongerCounted() {
		try (ResumableWsTestClient client = connect()) {
			UUID session = session(client);
			for (int i = 0; i < 100; i++) {
				this.sessions.publish(session, "tick", Map.of("n", i));
			}
			this.sql.sql("""
					update ws_events set created_at = created_at - interval '31 days',
						payload_bytes = case when id % 2 = 0 then payload_bytes end
					where session_id = :session and id <= 70;
					update ws_sessions set events_since = events_since - interval '31 days' where session_id = :session;
					""").param("session", session).update();
			await().atMost(PATIENCE)
				.untilAsserted(() -> assertThat(this.sessions.history(session, 0, 1000)).hasSize(30));
			assertExact();
			this.sessions.publish(session, "tick", Map.of());
			assertExact();
		}
	}

	@Test
	void aPartlyRemovedSessionCountsTheRemainingEvents() {
		try (ResumableWsTestClient client = connect()) {
			UUID session = session(client);
			for (int i = 0; i < 50; i++) {
				this.sessions.publish(session, "tick", Map.of("n", i));
			}
			this.sql.sql("update ws_events set payload_bytes = null where session_id = ? and id % 2 = 0")
				.param(session)
				.update();
			SessionRemoval.Removed removed = this.server.bean(JdbcExecutor.class)
				.execute((connection) -> SessionRemoval.remove(connection, List.of(session), 20));
			assertThat(removed.events()).isEqualTo(20);
			assertExact();
			assertThat(this.sessions.erase(session)).isTrue();
			assertExact();
		}
	}

	@Test
	void aUserWithoutASessionHasStoredNothing() {
		assertThat(this.sessions.storedBytes("somebody else")).isZero();
	}

	private void assertExact() {
		List<Map<String, Object>> wrong = this.sql.sql("""
				select * from (
					select session_id, stored_bytes, coalesce((
						select sum(octet_length(payload::text)) from ws_events e where e.session_id = s.session_id
					), 0) as bytes
					from ws_sessions s
				) c
				where stored_bytes <> bytes
				""").query().listOfRows();
		assertThat(wrong).isEmpty();
		assertThat(counted()).isEqualTo(inTheLog());
	}

	private long counted() {
		return this.sessions.storedBytes(this.user);
	}

	private long inTheLog() {
		return this.sql.sql("""
				select coalesce(sum(octet_length(payload::text)), 0) from ws_events
				where session_id in (select session_id from ws_sessions where user_id = ?)
				""").param(this.user).query(Long.class).single();
	}

	private void awaitDeltas(UUID session, int count) {
		await().atMost(PATIENCE).until(() -> deltas(session) >= count);
	}

	private int deltas(UUID session) {
		return this.sql.sql("select count(*) from ws_events where session_id = ? and type = 'assistant_delta'")
			.param(session)
			.query(Integer.class)
			.single();
	}

	private static void say(ResumableWsTestClient client, String content) {
		client.say(content);
	}

	private ResumableWsTestClient connect() {
		return ResumableWsTestClient.builder(this.server.uri())
			.tokens(Tokens.ISSUER)
			.user(this.user)
			.timeout(PATIENCE)
			.connect();
	}

	private static UUID session(ResumableWsTestClient client) {
		return client.sessionId();
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		@Bean
		ReplyGenerator model() {
			return (request) -> {
				String content = request.conversation().get(request.conversation().size() - 1).content();
				Flux<ReplyPart> slow = Flux.interval(Duration.ofMillis(20))
					.map((n) -> ReplyPart.text("part " + n + " \u00e9"));
				return switch (content) {
					case "long" -> slow.take(40);
					case "endless" -> slow;
					case "fail" -> slow.take(10).concatWith(Flux.error(new IllegalStateException("failed")));
					default -> Flux.just(ReplyPart.text("one"), ReplyPart.text("two"));
				};
			};
		}

	}

}
