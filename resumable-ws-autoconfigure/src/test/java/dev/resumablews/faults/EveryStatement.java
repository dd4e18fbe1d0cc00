package dev.resumablews.faults;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

import com.zaxxer.hikari.HikariDataSource;
import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.Close;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.FaultPlan;
import dev.resumablews.testing.FaultyPostgres;
import dev.resumablews.testing.RealtimeUpstream;
import dev.resumablews.testing.TestPostgres;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;

import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A scenario in which two nodes execute every statement of the library. It asserts the
 * guarantees of the library: no published event is lost, none is stored twice, every
 * reply ends, and the session remains usable. A fault can be armed before each step.
 */
final class EveryStatement implements AutoCloseable {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final int ATTEMPTS = 20;

	private static final int TICKS = 6;

	private static final AtomicInteger RUNS = new AtomicInteger();

	private static final String UPSTREAM_KEY = "a key of the upstream";

	private final RealtimeUpstream upstream = RealtimeUpstream.start(UPSTREAM_KEY);

	private final FaultyPostgres postgres;

	private final HikariDataSource dataSource;

	private final JdbcClient direct;

	private final TestServer first;

	private final TestServer second;

	/**
	 * Starts the nodes.
	 */
	EveryStatement() {
		this.postgres = FaultyPostgres.to(TestPostgres.createDatabase());
		this.dataSource = TestPostgres.pool(this.postgres.directUrl());
		this.direct = JdbcClient.create(this.dataSource);
		this.direct.sql(ScenarioApplication.TABLES).update();
		this.first = start();
		this.second = start();
	}

	FaultyPostgres postgres() {
		return this.postgres;
	}

	private TestServer start() {
		return start(this.postgres.url(), "", "postgres");
	}

	private TestServer start(String url, String schema, String signal) {
		return start(url, schema, signal, ScenarioApplication.class);
	}

	private TestServer start(String url, String schema, String signal, Class<?> application) {
		return TestServer.builder()
			.with(application)
			.database(url)
			.properties("resumable-ws.schema.name", schema, "resumable-ws.cluster.signal", signal,
					"resumable-ws.reply.lease", "1500ms", "resumable-ws.reply.max-attempts", "20",
					"resumable-ws.connection.heartbeat-interval", "500ms", "resumable-ws.connection.heartbeat-timeout",
					"20s", "resumable-ws.cluster.backstop-interval", "500ms", "resumable-ws.cleanup.interval", "300ms",
					"resumable-ws.feed.max-events", "4", "resumable-ws.log.statement-timeout", "2s",
					"resumable-ws.shutdown.timeout", "5s", "resumable-ws.shutdown.reply-grace", "50ms",
					"resumable-ws.shutdown.reconnect-window", "0s", "resumable-ws.user.max-sessions",
					signal.equals("polling") ? "0" : "1000", "resumable-ws.user.max-storage", "100MB",
					"spring.datasource.hikari.connection-timeout", "3000", "management.endpoints.web.exposure.include",
					"health,resumablews")
			.properties("resumable-ws.relay.realtime.uri", this.upstream.uri().toString(),
					"resumable-ws.relay.realtime.headers.Authorization", "Bearer " + UPSTREAM_KEY,
					"resumable-ws.relay.realtime.durable-types", "response.text.delta,response.done",
					"resumable-ws.relay.realtime.min-back-off", "50ms", "resumable-ws.relay.realtime.lease", "1500ms",
					"resumable-ws.relay.realtime.idle-timeout", "1s")
			.start();
	}

	/**
	 * Runs the scenario with a separate user.
	 * @param arm called before each step
	 */
	void run(Runnable arm) {
		String user = "user-" + RUNS.incrementAndGet();
		arm.run();
		try (ResumableWsTestClient phone = client(() -> this.first, user)) {
			UUID session = phone.sessionId();
			arm.run();
			phone.awaitWholeReply(phone.say("Hello"));
			arm.run();
			try (ResumableWsTestClient laptop = joinSession(this.second, user, session)) {
				laptop.awaitReplayComplete();
				for (Runnable step : steps(user, session, phone)) {
					arm.run();
					step.run();
				}
				arm.run();
				assertGuarantees(session, phone, laptop);
			}
		}
	}

	private List<Runnable> steps(String user, UUID session, ResumableWsTestClient phone) {
		return List.of(() -> publish(session), () -> phone.awaitWholeReply(phone.say("Hi")),
				() -> cancelLongReply(session, phone), () -> order(session, phone), () -> publishInTransaction(session),
				() -> startSessionWithOrder(user), () -> startSessionWithTransaction(user), () -> publishToUser(user),
				() -> read(user, session), () -> inspect(session), () -> reconnect(phone),
				() -> joinLate(user, session, phone), () -> reconnectAfterHours(session, phone),
				() -> closeSession(user), this::exceedSessionLimit, this::exceedStorageLimit, this::relay,
				this::disconnect, this::erase, () -> cleanUp(user, session));
	}

	/**
	 * Starts another node, which polls for signals, and stops it while it runs a reply.
	 * @param arm called before the start and the stop
	 */
	void startAndStop(Runnable arm) {
		String user = "user-" + RUNS.incrementAndGet();
		arm.run();
		TestServer third = retry(() -> start(this.postgres.url(), "", "polling"));
		try (ResumableWsTestClient client = client(() -> third.isRunning() ? third : this.first, user)) {
			UUID session = client.sessionId();
			UUID key = client.say(ScenarioApplication.ENDLESS);
			client.awaitReply(key);
			int polls = signalPolls();
			await().atMost(PATIENCE).until(() -> signalPolls() > polls);
			relay(client, 1);
			arm.run();
			third.close();
			relay(client, 2);
			cancelReply(client, key);
			assertThat(client.violations()).isEmpty();
			awaitNoReplies(session);
		}
		finally {
			third.close();
		}
	}

	/**
	 * Starts a node in a database without the schema, and uses it.
	 * @param arm called before the start
	 */
	void createSchema(Runnable arm) {
		String url = this.postgres.through(TestPostgres.createDatabase());
		arm.run();
		try (TestServer server = retry(() -> start(url, "chat", "postgres"));
				ResumableWsTestClient client = client(() -> server, "user")) {
			client.awaitWholeReply(client.say("Hi"));
			assertThat(client.violations()).isEmpty();
		}
	}

	/**
	 * Starts a node with a separate database whose application handles user messages.
	 * @param arm called before each step
	 */
	void handle(Runnable arm) {
		String url = this.postgres.through(TestPostgres.createDatabase());
		try (TestServer server = retry(() -> start(url, "", "postgres", HandlingApplication.class));
				ResumableWsTestClient client = client(() -> server, "user")) {
			for (int n = 1; n <= 2; n++) {
				arm.run();
				client.say("Hi");
				int handled = n;
				await().atMost(PATIENCE)
					.until(() -> client.events()
						.stream()
						.filter((event) -> event.type().equals("handled"))
						.count() == handled);
			}
			await().atMost(PATIENCE)
				.until(() -> retry(() -> server.bean(JdbcClient.class)
					.sql("select count(*) from ws_replies")
					.query(Integer.class)
					.single()) == 0);
			assertThat(client.events().stream().filter((event) -> event.type().equals("handled"))).hasSize(2);
			assertThat(client.violations()).isEmpty();
		}
	}

	/**
	 * Waits until the idle nodes have checked their connections, and runs the scenario.
	 * @param arm called before the wait and before each step
	 */
	void idle(Runnable arm) {
		arm.run();
		int before = probes();
		await().atMost(PATIENCE).until(() -> probes() > before);
		int probesBefore = writerProbes();
		await().atMost(PATIENCE).until(() -> {
			get(this.first, "health");
			return writerProbes() > probesBefore;
		});
		run(arm);
	}

	private int writerProbes() {
		return this.postgres.executions()
			.entrySet()
			.stream()
			.filter((execution) -> execution.getKey().contains("transaction_read_only"))
			.mapToInt(Map.Entry::getValue)
			.sum();
	}

	/**
	 * Reads a session from the actuator endpoint.
	 */
	private void inspect(UUID session) {
		assertThat(retry(() -> {
			HttpResponse<String> response = get(this.first, "resumablews/" + session);
			if (response.statusCode() != 200) {
				throw new IllegalStateException(response.body());
			}
			return response.body();
		})).contains(session.toString());
	}

	private static HttpResponse<String> get(TestServer server, String endpoint) {
		try {
			return HttpClient.newHttpClient()
				.send(HttpRequest
					.newBuilder(URI.create("http://localhost:%d/actuator/%s".formatted(server.port(), endpoint)))
					.build(), HttpResponse.BodyHandlers.ofString());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new IllegalStateException(ex);
		}
	}

	private int signalPolls() {
		return this.postgres.executions()
			.entrySet()
			.stream()
			.filter((execution) -> execution.getKey().contains("from ws_signals where id >="))
			.mapToInt(Map.Entry::getValue)
			.sum();
	}

	private int probes() {
		return this.postgres.executions().getOrDefault("select 1", 0);
	}

	private void publish(UUID session) {
		IntStream.rangeClosed(1, TICKS).forEach((n) -> sessions(this.first).publish(session, "tick", Map.of("n", n)));
	}

	/**
	 * Cancels a reply after its lease has been renewed.
	 */
	private void cancelLongReply(UUID session, ResumableWsTestClient client) {
		UUID key = client.say(ScenarioApplication.ENDLESS);
		client.awaitReply(key);
		String lease = lease(session);
		await().atMost(PATIENCE).until(() -> !lease(session).equals(lease));
		cancelReply(client, key);
	}

	private String lease(UUID session) {
		return this.direct.sql("select coalesce(min(lease_until)::text, '') from ws_replies where session_id = ?")
			.param(session)
			.query(String.class)
			.single();
	}

	private static void cancelReply(ResumableWsTestClient client, UUID key) {
		await().atMost(PATIENCE).pollInterval(Duration.ofMillis(100)).until(() -> {
			String reply = client.awaitReply(key);
			client.sendOnce(Map.of("type", "cancel"));
			return hasEnded(client, reply);
		});
	}

	private static boolean hasEnded(ResumableWsTestClient client, String reply) {
		return client.events()
			.stream()
			.anyMatch((event) -> List.of("assistant_message", "assistant_failed").contains(event.type())
					&& event.payload().path("message_id").asString("").equals(reply));
	}

	private void order(UUID session, ResumableWsTestClient client) {
		client.awaitAck(client.send("order", Map.of("item", "tea")));
		assertThat(count("select count(*) from orders where session_id = ?", session)).as("resets %s", client.resets())
			.isEqualTo(1);
	}

	/**
	 * Retries until the transaction is committed. The row of the application shows
	 * whether it is.
	 */
	private void publishInTransaction(UUID session) {
		TransactionTemplate transaction = new TransactionTemplate(this.first.bean(PlatformTransactionManager.class));
		retry(() -> {
			if (count("select count(*) from notes where session_id = ?", session) == 0) {
				transaction.executeWithoutResult((status) -> {
					this.first.bean(JdbcClient.class).sql("insert into notes values (?, 1)").param(session).update();
					sessions(this.first).publish(session, "noted", Map.of("n", 1));
				});
			}
			return true;
		});
		assertThat(count("select count(*) from notes where session_id = ?", session)).isEqualTo(1);
	}

	private void startSessionWithOrder(String user) {
		try (ResumableWsTestClient client = client(() -> this.second, user)) {
			order(client.sessionId(), client);
			assertThat(client.violations()).isEmpty();
		}
	}

	private void startSessionWithTransaction(String user) {
		try (ResumableWsTestClient client = client(() -> this.second, user)) {
			publishInTransaction(client.sessionId());
			client.awaitEvent("noted");
			assertThat(client.violations()).isEmpty();
		}
	}

	private void publishToUser(String user) {
		assertThat(retry(() -> sessions(this.second).publishToUser(user, "hello", Map.of()))).isPositive();
	}

	private void read(String user, UUID session) {
		ResumableSessions sessions = sessions(this.first);
		assertThat(retry(() -> sessions.find(session))).isPresent();
		assertThat(retry(() -> sessions.list(user, 10))).isNotEmpty();
		assertThat(retry(() -> sessions.history(session, 0, 100))).isNotEmpty();
		assertThat(retry(() -> sessions.connectionCount(user))).isNotNegative();
		assertThat(retry(() -> sessions.storedBytes(user))).isPositive();
	}

	private static void reconnect(ResumableWsTestClient client) {
		int before = client.reconnects();
		client.disconnect();
		await().atMost(PATIENCE).until(() -> client.reconnects() > before);
		client.awaitReplayComplete();
	}

	private void joinLate(String user, UUID session, ResumableWsTestClient phone) {
		try (ResumableWsTestClient late = joinSession(this.second, user, session)) {
			late.awaitEventId(phone.lastEventId());
			late.awaitReplayComplete();
			assertThat(late.violations()).isEmpty();
		}
	}

	private void reconnectAfterHours(UUID session, ResumableWsTestClient phone) {
		this.direct.sql("update ws_sessions set last_active_at = now() - interval '2 hours' where session_id = ?")
			.param(session)
			.update();
		reconnect(phone);
	}

	private void closeSession(String user) {
		closeSession(user, sessions(this.first)::close);
		TransactionTemplate transaction = new TransactionTemplate(this.first.bean(PlatformTransactionManager.class));
		closeSession(user,
				(session) -> transaction.executeWithoutResult((status) -> sessions(this.first).close(session)));
	}

	private void closeSession(String user, Consumer<UUID> close) {
		try (ResumableWsTestClient client = client(() -> this.second, user)) {
			UUID session = client.sessionId();
			sessions(this.first).publish(session, "bye", Map.of());
			retry(() -> {
				close.accept(session);
				return true;
			});
			client.awaitEvent("bye");
			await().atMost(PATIENCE).until(() -> client.gaveUp() != null);
			assertThat(client.closes()).extracting(Close::code).contains(1000);
			assertThat(client.violations()).isEmpty();
		}
	}

	private void exceedSessionLimit() {
		String user = "crowded-" + RUNS.incrementAndGet();
		this.direct.sql("""
				insert into ws_empty_sessions (session_id, user_id, created_at)
				select gen_random_uuid(), ?, now() - interval '1 hour' from generate_series(1, 1000)
				""").param(user).update();
		try (ResumableWsTestClient client = client(() -> this.second, user)) {
			client.awaitReplayComplete();
			assertThat(client.violations()).isEmpty();
			assertThat(this.direct.sql("select count(*) from ws_empty_sessions where user_id = ?")
				.param(user)
				.query(Integer.class)
				.single()).isLessThanOrEqualTo(1000);
		}
	}

	private void exceedStorageLimit() {
		String user = "full-" + RUNS.incrementAndGet();
		this.direct.sql(
				"insert into ws_sessions (session_id, user_id, stored_bytes) values (gen_random_uuid(), ?, 1000000000)")
			.param(user)
			.update();
		retry(() -> {
			try (ResumableWsTestClient client = clientBuilder(() -> this.second, user).connect()) {
				client.awaitReplayComplete();
				assertThat(client.awaitError(client.say("Hi")).code()).isIn("quota_exceeded", "unavailable");
				return true;
			}
			catch (AssertionError ex) {
				throw new IllegalStateException(ex);
			}
		});
	}

	/**
	 * Sends messages to an upstream, through the node that holds the relay and through
	 * the other one, until the relay is idle.
	 */
	private void relay() {
		String user = "relayed-" + RUNS.incrementAndGet();
		try (ResumableWsTestClient client = client(() -> this.second, user)) {
			UUID session = client.sessionId();
			relay(client, 1);
			try (ResumableWsTestClient other = joinSession(this.first, user, session)) {
				relay(other, 2);
				assertThat(other.violations()).isEmpty();
			}
			client.await(ServerFrame.Event.class,
					(event) -> event.payload().path("status").asString("").equals("closed"));
			assertThat(client.violations()).isEmpty();
			assertThat(count("select count(*) from ws_events where session_id = ? and message_id is not null", session))
				.isEqualTo(2);
		}
	}

	private static void relay(ResumableWsTestClient client, int n) {
		client.send("relay.realtime", Map.of("type", "response.create", "n", n));
		client.await(ServerFrame.Event.class,
				(event) -> event.payload().at("/event/type").asString("").equals("response.done")
						&& event.payload().at("/event/n").asInt() == n);
	}

	private void disconnect() {
		String user = "disconnected-" + RUNS.incrementAndGet();
		try (ResumableWsTestClient client = client(() -> this.second, user)) {
			client.awaitReplayComplete();
			int before = client.reconnects();
			retry(() -> {
				sessions(this.first).disconnect(user);
				return true;
			});
			await().atMost(PATIENCE).until(() -> client.reconnects() > before);
			assertThat(client.closes()).extracting(Close::code).contains(4401);
			assertThat(client.violations()).isEmpty();
		}
	}

	/**
	 * Erases a user who has a session with events and one without.
	 */
	private void erase() {
		String user = "erased-" + RUNS.incrementAndGet();
		UUID session = UUID.randomUUID();
		try (ResumableWsTestClient client = retry(() -> clientBuilder(() -> this.second, user).connect())) {
			this.direct.sql("""
					insert into ws_sessions (session_id, user_id, last_event_id) values (:session, :user, 1);
					insert into ws_events (session_id, id, type, payload, created_at)
					values (:session, 1, 'tick', '{}', now());
					""").param("session", session).param("user", user).update();
			retry(() -> sessions(this.first).erase(user));
			assertThat(this.direct.sql("select count(*) from ws_sessions where user_id = ?")
				.param(user)
				.query(Integer.class)
				.single()).isZero();
			assertThat(count("select count(*) from ws_events where session_id = ?", session)).isZero();
			retry(() -> sessions(this.first).erase(session));
			client.awaitClose();
		}
	}

	private void cleanUp(String user, UUID session) {
		UUID old = UUID.randomUUID();
		UUID closed = UUID.randomUUID();
		this.direct
			.sql("""
					insert into ws_relays (session_id, name, user_id, state, wanted_id, attempted_id, forwarded_id, updated_at)
					values (:old, 'realtime', :user, 'ended', 1, 1, 1, now() - interval '2 days');
					insert into ws_sessions (session_id, user_id, last_event_id, created_at, last_active_at, events_since,
						active_since)
					values (:old, :user, 1, now() - interval '40 days', now() - interval '40 days',
						now() - interval '40 days', now() - interval '40 days');
					update ws_sessions set events_since = now() - interval '40 days' where session_id = :session;
					insert into ws_events (session_id, id, type, payload, created_at)
					values (:old, 1, 'tick', '{}', now() - interval '40 days'),
						(:session, 0, 'tick', '{}', now() - interval '40 days');
					insert into ws_idempotency_keys (session_id, idempotency_key, created_at)
					values (:session, :old, now() - interval '40 days');
					insert into ws_disconnects (disconnect_key, disconnected_at) values (:old, now() - interval '2 days');
					insert into ws_sessions (session_id, user_id, closed_at) values (:closed, :user, now() - interval '2 days');
					insert into ws_live_connections (connection_id, session_id, user_id, node_id, connected_at, last_seen_at)
					values (:old, :session, :user, :old, now() - interval '1 day', now() - interval '1 day');
					""")
			.param("old", old)
			.param("closed", closed)
			.param("session", session)
			.param("user", user)
			.update();
		await().atMost(PATIENCE).untilAsserted(() -> {
			assertThat(count("select count(*) from ws_sessions where session_id = ?", old)).isZero();
			assertThat(count("select count(*) from ws_events where session_id = ?", old)).isZero();
			assertThat(count("select count(*) from ws_events where session_id = ? and id = 0", session)).isZero();
			assertThat(count("select count(*) from ws_idempotency_keys where idempotency_key = ?", old)).isZero();
			assertThat(count("select count(*) from ws_live_connections where connection_id = ?", old)).isZero();
			assertThat(count("select count(*) from ws_disconnects where disconnect_key = ?", old)).isZero();
			assertThat(count("select count(*) from ws_relays where session_id = ?", old)).isZero();
			assertThat(count("select count(*) from ws_sessions where session_id = ?", closed)).isZero();
		});
	}

	private void assertGuarantees(UUID session, ResumableWsTestClient phone, ResumableWsTestClient laptop) {
		sessions(this.second).publish(session, "after", Map.of());
		phone.awaitWholeReply(phone.say("Are you there?"));
		phone.awaitEvent("after");
		laptop.awaitEventId(phone.lastEventId());
		awaitNoReplies(session);
		Map<String, Integer> expected = Map.of("tick", TICKS, "ordered", 1, "noted", 1, "hello", 1, "after", 1,
				"user_message", 4, "assistant_message", 4);
		expected.forEach((type,
				number) -> assertThat(
						count("select count(*) from ws_events where session_id = ? and type = '" + type + "'", session))
					.as(type)
					.isEqualTo(number));
		assertThat(count("select count(*) from ws_events where session_id = ? and type = 'assistant_delta'", session))
			.isZero();
		for (ResumableWsTestClient client : List.of(phone, laptop)) {
			assertThat(client.violations()).isEmpty();
			assertThat(client.resets()).isEmpty();
			assertThat(client.gaveUp()).isNull();
			assertThat(client.errors()).allMatch((error) -> error.code().equals("unavailable"));
		}
		awaitIdleBackends();
	}

	private void awaitNoReplies(UUID session) {
		await().atMost(PATIENCE)
			.untilAsserted(
					() -> assertThat(count("select count(*) from ws_replies where session_id = ?", session)).isZero());
	}

	/**
	 * Waits until no backend has a statement or a transaction that is older than a
	 * second.
	 */
	private void awaitIdleBackends() {
		await().atMost(PATIENCE).untilAsserted(() -> assertThat(this.direct.sql("""
				select query from pg_stat_activity
				where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'
					and xact_start < clock_timestamp() - interval '1 second'
				""").query(String.class).list()).isEmpty());
	}

	/**
	 * Retries an action as an application would.
	 */
	private static <T> T retry(Callable<T> action) {
		for (int attempt = 1;; attempt++) {
			try {
				return action.call();
			}
			catch (Exception ex) {
				if (attempt == ATTEMPTS) {
					throw new AssertionError("Failed after %d attempts".formatted(attempt), ex);
				}
			}
		}
	}

	private int count(String sql, UUID id) {
		return this.direct.sql(sql).param(id).query(Integer.class).single();
	}

	private static ResumableWsTestClient client(Supplier<TestServer> server, String user) {
		return clientBuilder(server, user).start();
	}

	private static ResumableWsTestClient joinSession(TestServer server, String user, UUID session) {
		return clientBuilder(() -> server, user).session(session).start();
	}

	private static ResumableWsTestClientBuilder clientBuilder(Supplier<TestServer> server, String user) {
		return ResumableWsTestClient.builder(() -> server.get().uri())
			.tokens(Tokens.ISSUER)
			.user(user)
			.query("presence", "true")
			.timeout(PATIENCE);
	}

	private static ResumableSessions sessions(TestServer server) {
		return server.bean(ResumableSessions.class);
	}

	@Override
	public void close() {
		this.postgres.plan(FaultPlan.NONE);
		this.first.close();
		this.second.close();
		this.dataSource.close();
		this.postgres.close();
		this.upstream.close();
	}

}
