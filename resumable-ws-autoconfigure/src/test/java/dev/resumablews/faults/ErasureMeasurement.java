package dev.resumablews.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Measures how long it takes to erase a user with a million events, open connections and
 * running replies, and how this affects other users. Not part of the build; run it with
 * {@code -Dtest=ErasureMeasurement}.
 */
class ErasureMeasurement {

	private static final int SESSIONS = 20;

	private static final int EVENTS = Integer.getInteger("erasure.events", 1_000_000) / SESSIONS;

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final List<String> TABLES = List.of("ws_sessions", "ws_empty_sessions", "ws_events",
			"ws_idempotency_keys", "ws_replies", "ws_live_connections");

	private TestServer server;

	@Test
	void measure() throws Exception {
		this.server = TestServer.builder().with(Application.class).start();
		try {
			List<UUID> sessions = new ArrayList<>();
			for (int i = 0; i < SESSIONS; i++) {
				try (ResumableWsTestClient client = connect("alice")) {
					sessions.add(client.sessionId());
				}
			}
			sessions.forEach(this::fill);
			List<ResumableWsTestClient> clients = sessions.stream().map(this::resume).toList();
			for (ResumableWsTestClient client : clients.subList(0, 5)) {
				client.sendOnce(message());
				client.await("assistant_delta");
			}
			long rows = rows(sessions);
			victim(Duration.ofSeconds(5));
			String before = victim(Duration.ofSeconds(15));
			CompletableFuture<Long> erased = CompletableFuture.supplyAsync(this::erase);
			String during = victim(() -> erased.isDone());
			System.out.printf("Erased %d rows in %d sessions, %d of them connected and 5 being answered, in %d ms%n",
					rows, SESSIONS, SESSIONS, erased.get());
			System.out.println("Another user before: " + before);
			System.out.println("Another user during it: " + during);
			clients.forEach((client) -> assertThat(client.awaitClose().code()).isIn(4401, 1012));
			await().atMost(PATIENCE).until(() -> rows(sessions) == 0);
			System.out.println("Rows left: " + rows(sessions));
		}
		finally {
			this.server.close();
		}
	}

	/**
	 * Inserts events into a session directly, which is faster than the log.
	 */
	private void fill(UUID session) {
		JdbcClient sql = this.server.bean(JdbcClient.class);
		this.server.bean(ResumableSessions.class).publish(session, "note", Map.of());
		sql.sql("""
				insert into ws_events (session_id, id, type, payload, created_at, payload_bytes)
				select ?, n, 'note', json_build_object('text', repeat('x', 300)), now(), 312
				from generate_series(2, ?) as n
				""").params(session, EVENTS).update();
		sql.sql("""
				insert into ws_idempotency_keys (session_id, idempotency_key)
				select ?, gen_random_uuid() from generate_series(1, ?)
				""").params(session, EVENTS / 10).update();
		sql.sql("update ws_sessions set last_event_id = ? where session_id = ?").params(EVENTS, session).update();
	}

	private long erase() {
		long start = System.nanoTime();
		assertThat(this.server.bean(ResumableSessions.class).erase("alice")).isEqualTo(SESSIONS);
		return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
	}

	private long rows(List<UUID> sessions) {
		JdbcClient sql = this.server.bean(JdbcClient.class);
		return TABLES.stream()
			.mapToLong((table) -> sql.sql("select count(*) from " + table + " where session_id = any (?)")
				.param(sessions.toArray(UUID[]::new))
				.query(Long.class)
				.single())
			.sum();
	}

	private String victim(Duration time) {
		long end = System.nanoTime() + time.toNanos();
		return victim(() -> System.nanoTime() - end > 0);
	}

	private String victim(java.util.function.BooleanSupplier ended) {
		List<Long> acks = new ArrayList<>();
		List<Long> connects = new ArrayList<>();
		while (!ended.getAsBoolean()) {
			long start = System.nanoTime();
			try (ResumableWsTestClient client = connect("bob-" + UUID.randomUUID())) {
				client.await("replay_complete");
				connects.add(System.nanoTime() - start);
				for (int i = 0; i < 5; i++) {
					long sent = System.nanoTime();
					client.sendOnce(message());
					client.await("ack");
					acks.add(System.nanoTime() - sent);
				}
			}
		}
		return "ack p50/p99 %s ms, new connection %s ms (%d, %d)".formatted(figures(acks), figures(connects),
				acks.size(), connects.size());
	}

	private static String figures(List<Long> nanos) {
		Collections.sort(nanos);
		return "%.1f / %.1f".formatted(nanos.get(nanos.size() / 2) / 1e6,
				nanos.get(Math.min(nanos.size() - 1, nanos.size() * 99 / 100)) / 1e6);
	}

	private static Map<String, Object> message() {
		return Map.of("type", "user_message", "content", "hello", "idempotency_key", UUID.randomUUID());
	}

	private ResumableWsTestClient connect(String user) {
		return to(user).connect();
	}

	private ResumableWsTestClient resume(UUID session) {
		ResumableWsTestClient client = to("alice").session(session, EVENTS).connect();
		client.await("replay_complete");
		return client;
	}

	private ResumableWsTestClientBuilder to(String user) {
		return ResumableWsTestClient.builder(this.server.uri()).tokens(Tokens.ISSUER).user(user).timeout(PATIENCE);
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		@Bean
		ReplyGenerator model() {
			return (request) -> request.userId().equals("alice")
					? Flux.interval(Duration.ofMillis(20)).map((n) -> ReplyPart.text("word "))
					: Flux.just(ReplyPart.text("hello"));
		}

	}

}
