package dev.resumablews;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.UUID;

import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.RealtimeUpstream;
import dev.resumablews.testing.RecordedPlans;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Flux;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests the cost of each statement of the library on full tables. Two nodes use all
 * features, and Postgres reports the plans that it executed. A new statement is therefore
 * measured without a change here if one of the features executes it.
 */
@TestInstance(Lifecycle.PER_CLASS)
class StatementCostTests {

	private static final Duration PATIENCE = Duration.ofMinutes(1);

	/**
	 * Two pages of events. Every table has many more rows.
	 */
	private static final long MAX_ROWS = 1000;

	private static final long MAX_BUFFERS = 6000;

	private static final UUID LARGE_EVENTS = new UUID(1, 1);

	private static final UUID MANY_MESSAGES = new UUID(1, 2);

	private static final int CLEANUP_BATCH = 50;

	private static final String UPSTREAM_KEY = "a key of the upstream";

	private final RealtimeUpstream upstream = RealtimeUpstream.start(UPSTREAM_KEY);

	private final String url = TestPostgres.createDatabase();

	private final JdbcTemplate jdbc = new JdbcTemplate(new DriverManagerDataSource(this.url));

	@BeforeAll
	void fill() throws SQLException {
		TestPostgres.createTables(new DriverManagerDataSource(this.url));
		try (Connection connection = DriverManager.getConnection(this.url)) {
			for (String sql : FILL.split(";")) {
				connection.createStatement().execute(sql);
			}
		}
	}

	@AfterAll
	void stop() {
		this.upstream.close();
	}

	/**
	 * Covers both plan modes, because Postgres plans frequent prepared statements without
	 * their parameters.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "force_custom_plan", "force_generic_plan" })
	void theCostOfEveryStatementIsBounded(String planCacheMode) {
		this.jdbc.execute(DUE);
		String recorded = RecordedPlans.url(this.url, "plan_cache_mode=" + planCacheMode, "random_page_cost=1.1");
		try (RecordedPlans plans = new RecordedPlans()) {
			try (TestServer first = start(recorded); TestServer second = start(recorded)) {
				plans.start();
				useAllFeatures(first, second);
				relay(first, second);
				await().atMost(PATIENCE).until(() -> due() == 0);
			}
			List<RecordedPlans.Cost> costs = plans.costs()
				.stream()
				.sorted(Comparator.comparing(RecordedPlans.Cost::rows).reversed())
				.toList();
			costs.forEach(System.out::println);
			assertThat(costs).hasSizeGreaterThan(20)
				.allMatch((cost) -> cost.rows() <= MAX_ROWS)
				.allMatch((cost) -> cost.buffers() <= MAX_BUFFERS);
		}
	}

	private TestServer start(String url) {
		return TestServer.builder()
			.database(url)
			.with(Replying.class)
			.properties("resumable-ws.relay.realtime.uri", this.upstream.uri().toString(),
					"resumable-ws.relay.realtime.headers.Authorization", "Bearer " + UPSTREAM_KEY,
					"resumable-ws.relay.realtime.durable-types", "response.*",
					"resumable-ws.relay.realtime.idle-timeout", "1s", "resumable-ws.relay.realtime.lease", "1s")
			.properties("resumable-ws.cluster.signal", "polling", "resumable-ws.connection.heartbeat-interval", "1s",
					"resumable-ws.connection.heartbeat-timeout", "3s", "resumable-ws.cleanup.interval", "100ms",
					"resumable-ws.cleanup.batch-size", String.valueOf(CLEANUP_BATCH), "resumable-ws.reply.lease", "3s",
					"resumable-ws.reply.max-waiting", "1000000", "resumable-ws.user.max-sessions", "20")
			.start();
	}

	private void useAllFeatures(TestServer first, TestServer second) {
		ResumableSessions sessions = first.bean(ResumableSessions.class);
		UUID session;
		try (ResumableWsTestClient client = connect(second, null, 0)) {
			session = client.sessionId();
			client.sendOnce(Map.of("type", "order", "payload", Map.of(), "idempotency_key", UUID.randomUUID()));
			client.await("ack");
			client.say("hello");
			client.await("assistant_message");
			sessions.publish(session, "tick", Map.of());
			client.await("tick");
			client.say("endless");
			client.await(ServerFrame.class,
					(message) -> message.json().path("payload").path("content").asString("").startsWith("x"));
			client.sendOnce(Map.of("type", "cancel"));
			client.await("assistant_message");
		}
		try (ResumableWsTestClient client = connect(first, session, 1)) {
			client.await("replay_complete");
			client.say("hello");
			client.await("assistant_message");
			await().atMost(PATIENCE).until(() -> sessions.connectionCount("alice") == 1);
		}
		for (UUID replayed : List.of(LARGE_EVENTS, MANY_MESSAGES)) {
			try (ResumableWsTestClient client = connect(first, replayed, 0)) {
				client.await("replay_complete");
				client.say("hello");
				client.await("assistant_message");
			}
			sessions.publish(replayed, "tick", Map.of());
		}
		try (ResumableWsTestClient client = connect(first, null, 0)) {
			sessions.publish(client.sessionId(), "tick", Map.of());
			client.await("tick");
		}
		ResumableWsTestClient.builder(first.uri()).tokens(Tokens.ISSUER).user("crowded").connect().close();
		sessions.publishToUser("alice", "tick", Map.of());
		assertThat(sessions.list("alice", 10)).hasSizeGreaterThanOrEqualTo(3);
		assertThat(sessions.find(LARGE_EVENTS)).isPresent();
		assertThat(sessions.history(LARGE_EVENTS, 0, 1000)).isNotEmpty();
		assertThat(sessions.close(session)).isTrue();
		sessions.disconnect("alice");
		assertThat(sessions.erase("gone")).isEqualTo(201);
		String another = this.jdbc
			.queryForObject("select user_id from ws_sessions where user_id like 'user-123%' limit 1", String.class);
		assertThat(sessions.erase(String.valueOf(another))).isPositive();
	}

	/**
	 * Sends messages to the upstream in a session with many events, through both nodes,
	 * until the relay is idle.
	 */
	private static void relay(TestServer first, TestServer second) {
		for (TestServer server : List.of(first, second)) {
			try (ResumableWsTestClient client = connect(server, MANY_MESSAGES, 20_000)) {
				client.await("replay_complete");
				UUID key = UUID.randomUUID();
				client.sendOnce(Map.of("type", "relay.realtime", "payload", Map.of("type", "response.create", "n", 1),
						"idempotency_key", key));
				client.await(ServerFrame.class,
						(message) -> message.json()
							.path("payload")
							.path("idempotency_key")
							.asString("")
							.equals(key.toString()));
				client.await(ServerFrame.class,
						(message) -> message.json()
							.path("payload")
							.path("event")
							.path("type")
							.asString("")
							.equals("response.done"));
				if (server == second) {
					client.await(ServerFrame.class,
							(message) -> message.json().path("payload").path("status").asString("").equals("closed"));
				}
			}
		}
	}

	private static ResumableWsTestClient connect(TestServer server, @Nullable UUID session, long lastEventId) {
		ResumableWsTestClientBuilder client = ResumableWsTestClient.builder(server.uri())
			.tokens(Tokens.ISSUER)
			.user("alice")
			.query("presence", "true");
		if (session != null) {
			client = client.session(session, lastEventId);
		}
		return client.connect();
	}

	private long due() {
		Long due = this.jdbc.queryForObject("""
				select (select count(*) from ws_sessions where events_since < now() - interval '30 days')
					+ (select count(*) from ws_idempotency_keys where created_at < now() - interval '7 days')
					+ (select count(*) from ws_empty_sessions where used_at < now() - interval '1 day')
					+ (select count(*) from ws_sessions where closed_at < now() - interval '1 day')
					+ (select count(*) from ws_disconnects where disconnected_at < now() - interval '1 day')
					+ (select count(*) from ws_relays where state = 'ended' and updated_at < now() - interval '1 day')
				""", Long.class);
		return (due != null) ? due : -1;
	}

	/**
	 * 100,000 empty sessions; 100,000 sessions with a million events, two thirds of them
	 * in reused space; 200,000 live connections to ten nodes; 5,000 replies that other
	 * nodes run; 50,000 relays, half of which have ended; 200,000 keys; 100,000 signals,
	 * some of which are due for removal.
	 */
	private static final String FILL = """
			set synchronous_commit = off;
			insert into ws_sessions (session_id, user_id, last_event_id, created_at, last_active_at, events_since, active_since)
			select uuid_in(md5(n::text)::cstring), 'user-' || n / 5, 10, now() - age, now() - age / 2, now() - age, now() - age
			from (select n, interval '29 days' * n / 100000 as age from generate_series(1, 100000) n) s;
			insert into ws_events (session_id, id, type, payload, payload_bytes, created_at)
			select session_id, id, 'old', json_build_object('text', repeat('x', 100)), 120, created_at
			from generate_series(-7, 0) id, ws_sessions;
			insert into ws_empty_sessions (session_id, user_id, created_at)
			select gen_random_uuid(), 'crowded', now() - interval '1 hour' - n * interval '1 minute'
			from generate_series(1, 20) n;
			delete from ws_events where id <= 0;
			vacuum ws_events;
			insert into ws_events (session_id, id, type, message_id, payload, payload_bytes, created_at)
			select session_id, id,
				case id when 1 then 'user_message' when 10 then 'assistant_message' else 'assistant_delta' end,
				session_id, json_build_object('text', repeat('x', 100)), 120, created_at
			from generate_series(1, 10) id, ws_sessions;
			insert into ws_empty_sessions (session_id, user_id, used_at)
			select gen_random_uuid(), 'user-' || n / 5, now() - interval '23 hours' * n / 100000
			from generate_series(1, 100000) n;
			insert into ws_idempotency_keys (session_id, idempotency_key, event_id, created_at)
			select session_id, gen_random_uuid(), 1, now() - interval '6 days' * random()
			from ws_sessions, generate_series(1, 2);
			insert into ws_connected_nodes
			select uuid_in(md5('node-' || n)::cstring), now() + interval '1 hour' from generate_series(0, 9) n;
			insert into ws_live_connections (connection_id, session_id, user_id, node_id, last_seen_at)
			select gen_random_uuid(), session_id, user_id, uuid_in(md5('node-' || random(0, 9))::cstring),
				now() + interval '1 hour'
			from ws_sessions, generate_series(1, 2);
			insert into ws_replies (session_id, event_id, message_id, state, node_id, lease_until, fence, attempts)
			select session_id, 1, gen_random_uuid(), 'running', uuid_in(md5('node-1')::cstring), now() + interval '1 hour', 1, 1
			from ws_sessions limit 5000;
			insert into ws_relays (session_id, name, user_id, state, node_id, lease_until, fence, wanted_id, attempted_id,
				forwarded_id, updated_at)
			select session_id, 'realtime', user_id, case when user_id < 'user-5' then 'running' else 'ended' end,
				uuid_in(md5('node-1')::cstring), now() + interval '1 hour', 1, 1, 1, 1, now() - interval '20 hours' * random()
			from ws_sessions limit 50000;
			insert into ws_signals (text, created_at)
			select 'n ' || repeat('x', 45), case when n <= 500 then now() - interval '1 hour' else now() + interval '1 hour' end
			from generate_series(1, 100000) n;
			update ws_sessions set closed_at = now() - interval '1 hour' where user_id like 'user-5%';
			insert into ws_disconnects select gen_random_uuid(), now() - interval '20 hours' * n / 20000 - interval '1 hour'
			from generate_series(1, 20000) n;
			insert into ws_sessions (session_id, user_id, last_event_id) values
				('00000000-0000-0001-0000-000000000001', 'alice', 600),
				('00000000-0000-0001-0000-000000000002', 'alice', 20000);
			alter table ws_events alter payload set storage external;
			insert into ws_events (session_id, id, type, payload, payload_bytes, created_at)
			select '00000000-0000-0001-0000-000000000001', id, 'user_message',
				json_build_object('content', repeat('x', 131000)), 131020, now()
			from generate_series(1, 600) id;
			alter table ws_events alter payload set storage extended;
			insert into ws_events (session_id, id, type, payload, payload_bytes, created_at)
			select '00000000-0000-0001-0000-000000000002', id, case when id %% 2 = 0 then 'assistant_message' else 'user_message' end,
				json_build_object('content', repeat('x', 100)), 120, now()
			from generate_series(1, 20000) id;
			vacuum analyze
			"""
		.replace("%%", "%")
		.replace("random(0, 9)", "floor(random() * 10)::int");

	/**
	 * Adds rows for each sweep of the cleanup.
	 */
	private static final String DUE = """
			with chosen as (
				update ws_sessions set events_since = now() - interval '31 days', active_since = now() - interval '31 days',
					last_active_at = case when user_id < 'user-2' then now() - interval '31 days' else last_active_at end
				where session_id in (select session_id from ws_sessions where user_id <> 'alice' order by created_at limit 600)
				returning session_id
			)
			update ws_events e set created_at = now() - interval '31 days' from chosen s
			where e.session_id = s.session_id and e.id <= 4;
			update ws_idempotency_keys set created_at = now() - interval '8 days'
			where (session_id, idempotency_key) in (select session_id, idempotency_key from ws_idempotency_keys limit 500);
			update ws_empty_sessions set used_at = now() - interval '25 hours'
			where session_id in (select session_id from ws_empty_sessions limit 500);
			insert into ws_live_connections (connection_id, session_id, user_id, node_id, last_seen_at)
			select gen_random_uuid(), session_id, user_id, '00000000-0000-0000-0000-000000000001', now() - interval '1 hour'
			from ws_sessions limit 500;
			update ws_sessions set closed_at = now() - interval '2 days' where session_id in (
				select session_id from ws_sessions where user_id like 'user-60%' limit 200);
			insert into ws_disconnects select gen_random_uuid(), now() - interval '25 hours' from generate_series(1, 500);
			update ws_relays set updated_at = now() - interval '25 hours' where session_id in (
				select session_id from ws_relays where state = 'ended' limit 500);
			with gone as (
				insert into ws_sessions (session_id, user_id, last_event_id)
				select gen_random_uuid(), 'gone', 10 from generate_series(1, 200)
				returning session_id
			)
			insert into ws_events (session_id, id, type, payload, created_at)
			select session_id, id, 'old', '{}', now() from gone, generate_series(1, 10) id;
			insert into ws_empty_sessions (session_id, user_id) values (gen_random_uuid(), 'gone')
			""";

	@Configuration(proxyBeanMethods = false)
	static class Replying {

		@Bean
		ReplyGenerator generator() {
			return (request) -> request.conversation()
				.get(request.conversation().size() - 1)
				.content()
				.equals("endless") ? Flux.interval(Duration.ofMillis(10)).map((n) -> ReplyPart.text("x"))
						: Flux.just(ReplyPart.text("hello"));
		}

		@Bean
		ClientMessageHandler orders(ObjectProvider<ResumableSessions> sessions) {
			return new ClientMessageHandler() {

				@Override
				public String type() {
					return "order";
				}

				@Override
				public void handle(ClientMessage message) {
					sessions.getObject().publish(message.sessionId(), "ordered", Map.of());
				}

			};
		}

	}

}
