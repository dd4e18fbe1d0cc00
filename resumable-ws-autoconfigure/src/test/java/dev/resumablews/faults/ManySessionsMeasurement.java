package dev.resumablews.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Measures how long it takes to publish to all sessions of a user, how this affects
 * another user that sends messages, and how the number of sessions affects a handshake.
 * Not part of the build; run it with {@code -Dtest=ManySessionsMeasurement}.
 */
class ManySessionsMeasurement {

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private static final Duration TIME = Duration.ofSeconds(10);

	@Test
	void measure() throws Exception {
		StringBuilder table = new StringBuilder("""
				| sessions of the user | publishToUser p50 / worst ms | ack of another user p50 / p99 / worst ms |
				|----------------------|------------------------------|------------------------------------------|
				""");
		try (TestServer server = TestServer.builder()
			.with(Application.class)
			.properties("resumable-ws.user.replies-per-minute", "0", "resumable-ws.user.handshakes-per-minute", "0")
			.start()) {
			run(server, 10);
			for (int sessions : new int[] { 0, 10, 1_000, 10_000 }) {
				table.append(run(server, sessions));
			}
			table.append("%n| sessions of the user | first connection p50 / worst ms |%n".formatted())
				.append("|----------------------|---------------------------------|\n");
			for (int sessions : new int[] { 0, 900 }) {
				table.append(connects(server, sessions));
			}
		}
		System.out.println(table);
	}

	private static String run(TestServer server, int sessions) throws Exception {
		String user = create(server, sessions);
		AtomicBoolean ended = new AtomicBoolean();
		CompletableFuture<List<Long>> publishing = CompletableFuture.supplyAsync(() -> {
			List<Long> times = new ArrayList<>();
			while (!ended.get() && sessions > 0) {
				long start = System.nanoTime();
				server.bean(ResumableSessions.class).publishToUser(user, "note", Map.of("text", "x".repeat(200)));
				times.add(System.nanoTime() - start);
			}
			return times;
		});
		List<Long> acks = new ArrayList<>();
		try (ResumableWsTestClient client = connect(server, "victim-" + UUID.randomUUID())) {
			client.await("replay_complete");
			long end = System.nanoTime() + TIME.toNanos();
			while (System.nanoTime() - end < 0) {
				long sent = System.nanoTime();
				client.say("hello");
				client.await("ack");
				acks.add(System.nanoTime() - sent);
				TimeUnit.MILLISECONDS.sleep(60);
			}
		}
		ended.set(true);
		return "| %20d | %28s | %40s |%n".formatted(sessions, figures(publishing.get(60, TimeUnit.SECONDS), false),
				figures(acks, true));
	}

	private static String connects(TestServer server, int sessions) {
		String user = create(server, sessions);
		List<Long> times = new ArrayList<>();
		for (int i = 0; i < 60; i++) {
			long start = System.nanoTime();
			try (ResumableWsTestClient client = connect(server, user)) {
				client.await("session_init");
				times.add(System.nanoTime() - start);
			}
		}
		return "| %20d | %31s |%n".formatted(sessions, figures(times, false));
	}

	private static String create(TestServer server, int sessions) {
		String user = "many-" + UUID.randomUUID();
		server.bean(JdbcClient.class)
			.sql("insert into ws_sessions (session_id, user_id) select gen_random_uuid(), ? from generate_series(1, ?)")
			.params(user, sessions)
			.update();
		return user;
	}

	private static ResumableWsTestClient connect(TestServer server, String user) {
		return ResumableWsTestClient.builder(server.uri()).tokens(Tokens.ISSUER).user(user).timeout(PATIENCE).connect();
	}

	private static String figures(List<Long> nanos, boolean percentile) {
		if (nanos.isEmpty()) {
			return "-";
		}
		Collections.sort(nanos);
		String worst = "%.1f".formatted(nanos.get(nanos.size() - 1) / 1e6);
		String median = "%.1f / ".formatted(nanos.get(nanos.size() / 2) / 1e6);
		return percentile ? median + "%.1f / ".formatted(nanos.get(nanos.size() * 99 / 100) / 1e6) + worst
				: median + worst;
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		@Bean
		ReplyGenerator model() {
			return (request) -> Flux.just(ReplyPart.text("hello"));
		}

	}

}
