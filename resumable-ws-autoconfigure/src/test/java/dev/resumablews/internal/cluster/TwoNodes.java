package dev.resumablews.internal.cluster;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.LongStream;

import dev.resumablews.ResumableSessions;
import dev.resumablews.internal.feed.FeedEntry;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import tools.jackson.databind.JsonNode;

import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Two nodes on one database. Tests publish events on the first node for clients of the
 * second one.
 */
final class TwoNodes implements AutoCloseable {

	private final TestServer first;

	private final TestServer second;

	TwoNodes(String... properties) {
		this(new Class<?>[0], properties);
	}

	TwoNodes(Class<?>[] sources, String... properties) {
		String database = TestPostgres.createDatabase();
		this.first = start(database, sources, properties);
		this.second = start(database, sources, properties);
	}

	private static TestServer start(String database, Class<?>[] sources, String... properties) {
		TestServer.Builder builder = TestServer.builder().database(database).properties(properties);
		Arrays.stream(sources).forEach(builder::with);
		return builder.start();
	}

	TestServer first() {
		return this.first;
	}

	TestServer second() {
		return this.second;
	}

	/**
	 * Connects a client to the second node.
	 */
	ResumableWsTestClient connect(String user) {
		return ResumableWsTestClient.builder(this.second.uri()).tokens(Tokens.ISSUER).user(user).connect();
	}

	/**
	 * Returns the session of a client, and waits until its replay is complete.
	 */
	static UUID session(ResumableWsTestClient client) {
		UUID session = client.sessionId();
		client.await("replay_complete");
		return session;
	}

	void publish(UUID session, int n) {
		this.first.bean(ResumableSessions.class).publish(session, "tick", Map.of("n", n));
	}

	/**
	 * Publishes events on the first node, and asserts that the client of the second node
	 * receives all of them in order.
	 */
	void assertDelivered(ResumableWsTestClient client, UUID session, int from, int through) {
		for (int n = from; n <= through; n++) {
			publish(session, n);
		}
		assertReceived(client, from, through);
		assertThat(idsInFeed(session)).isEqualTo(upTo(through));
	}

	/**
	 * Returns the ids of the events in the feed of the second node, up to the first gap.
	 */
	List<Long> idsInFeed(UUID session) {
		SessionFeeds feeds = this.second.bean(SessionFeeds.class);
		Runnable noReader = () -> {
		};
		List<FeedEntry> events = feeds.join(session, noReader).after(0, Long.MAX_VALUE);
		feeds.leave(session, noReader);
		return (events != null) ? events.stream().map((recent) -> recent.event().id()).toList() : List.of();
	}

	static void assertReceived(ResumableWsTestClient client, int from, int through) {
		for (long n = from; n <= through; n++) {
			JsonNode event = client.await("tick").json();
			assertThat(event.path("event_id").asLong()).isEqualTo(n);
			assertThat(event.path("payload").path("n").asLong()).isEqualTo(n);
		}
	}

	/**
	 * Waits until both nodes listen to Postgres.
	 */
	List<Integer> awaitListeners() {
		await().until(() -> listeners().size() == 2);
		return listeners();
	}

	List<Integer> listeners() {
		return sql().sql("""
				select pid
				from pg_stat_activity
				where datname = current_database() and application_name = 'resumable-ws listener'
					and query not like 'set %' and state = 'idle'
				""").query(Integer.class).list();
	}

	JdbcClient sql() {
		return this.first.bean(JdbcClient.class);
	}

	static List<Long> upTo(long last) {
		return LongStream.rangeClosed(1, last).boxed().toList();
	}

	@Override
	public void close() {
		this.first.close();
		this.second.close();
	}

}
