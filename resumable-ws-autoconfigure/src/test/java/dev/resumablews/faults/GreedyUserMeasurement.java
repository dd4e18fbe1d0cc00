package dev.resumablews.faults;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import dev.resumablews.ClientMessage;
import dev.resumablews.ClientMessageHandler;
import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import dev.resumablews.test.client.ResumableWsTestClientBuilder;
import dev.resumablews.test.client.ServerFrame;
import dev.resumablews.testing.TestServer;
import dev.resumablews.testing.Tokens;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Flux;
import tools.jackson.databind.JsonNode;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/**
 * Measures how a user that exhausts every limit affects another user. The greedy user is
 * a process of the lowest priority, because in reality it would run on another machine.
 * Before the measurement each attack runs once with another user, so that JIT compilation
 * does not count as its cost. Not part of the build; run it with
 * {@code -Dtest=GreedyUserMeasurement}.
 */
class GreedyUserMeasurement {

	private static final Duration TIME = Duration.ofSeconds(Integer.getInteger("greedy.seconds", 12));

	private static final Duration PATIENCE = Duration.ofSeconds(20);

	private static final Duration WARM_UP = Duration.ofSeconds(6);

	private static final int LONG_SESSIONS = 8;

	private static final String GREEDY = "endless";

	private static final String GREEDY_BEFORE = "endless-before";

	private TestServer server;

	private final Map<String, List<UUID>> longSessions = new HashMap<>();

	private @Nullable UUID shortSession;

	@Test
	void measure() throws Exception {
		StringBuilder table = new StringBuilder(
				"""
						| attack                                   | ack p50 / p99 ms | connect p50 / p99 ms | replay p50 / p99 ms | failed |
						|------------------------------------------|------------------|----------------------|---------------------|--------|
						""");
		StringBuilder sent = new StringBuilder();
		this.server = TestServer.builder().with(Application.class).start();
		try {
			fill();
			victim("", WARM_UP);
			for (GreedyUser.Attack attack : GreedyUser.Attack.values()) {
				under(attack, GREEDY_BEFORE, WARM_UP);
			}
			for (GreedyUser.Attack attack : GreedyUser.Attack.values()) {
				String quiet = victim("none, before the next", TIME);
				String under = under(attack, GREEDY, TIME);
				table.append(quiet).append(under.lines().findFirst().orElse("")).append(System.lineSeparator());
				sent.append(under.lines().skip(1).findFirst().orElse("")).append(System.lineSeparator());
				pause(3000);
			}
			table.append(victim("none, at the end", TIME));
		}
		finally {
			this.server.close();
		}
		System.out.println(table.append(sent));
	}

	private void fill() {
		try (ResumableWsTestClient client = connect("victim", null)) {
			this.shortSession = client.sessionId();
		}
		publish(this.shortSession, 300);
		fill(GREEDY);
		fill(GREEDY_BEFORE);
	}

	private void fill(String userId) {
		List<UUID> sessions = this.longSessions.computeIfAbsent(userId, (id) -> new ArrayList<>());
		for (int i = 0; i < LONG_SESSIONS; i++) {
			try (ResumableWsTestClient client = connect(userId, null)) {
				sessions.add(client.sessionId());
			}
			publish(sessions.get(i), 3_000);
		}
	}

	private void publish(UUID session, int events) {
		ResumableSessions sessions = this.server.bean(ResumableSessions.class);
		for (int i = 0; i < events; i++) {
			sessions.publish(session, "note", Map.of("text", "x".repeat(800)));
		}
	}

	private String under(GreedyUser.Attack attack, String userId, Duration time)
			throws IOException, InterruptedException {
		List<String> command = new ArrayList<>(
				List.of("nice", "-n", "19", ProcessHandle.current().info().command().orElseThrow(), "-Xmx256m",
						"-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"), GreedyUser.class.getName(),
						String.valueOf(this.server.port()), Tokens.forUser(userId), attack.name()));
		command.addAll(this.longSessions.getOrDefault(userId, List.of()).stream().map(UUID::toString).toList());
		Process greedy = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
		try {
			// the first line is printed when all connections have been attempted
			greedy.inputReader().readLine();
			String row = victim(attack.toString(), time);
			greedy.getOutputStream().close();
			return row + greedy.inputReader().readLine() + System.lineSeparator();
		}
		finally {
			greedy.destroyForcibly().waitFor();
		}
	}

	private String victim(String name, Duration time) {
		List<Long> acks = new ArrayList<>();
		List<Long> connects = new ArrayList<>();
		List<Long> replays = new ArrayList<>();
		int failed = 0;
		long end = System.nanoTime() + time.toNanos();
		while (System.nanoTime() - end < 0) {
			try {
				long start = System.nanoTime();
				// a different user each time, because victims are not greedy
				try (ResumableWsTestClient client = connect("victim-" + UUID.randomUUID(), null)) {
					client.await("replay_complete");
					connects.add(System.nanoTime() - start);
					for (int i = 0; i < 5; i++) {
						long sent = System.nanoTime();
						client.sendOnce(userMessage("hello"));
						JsonNode answer = client
							.await(ServerFrame.class, (message) -> List.of("ack", "error").contains(message.type()))
							.json();
						acks.add(System.nanoTime() - sent);
						failed += answer.path("type").asString("").equals("ack") ? 0 : 1;
					}
				}
				long begun = System.nanoTime();
				try (ResumableWsTestClient client = connect("victim", this.shortSession)) {
					client.await("replay_complete");
					replays.add(System.nanoTime() - begun);
				}
			}
			catch (RuntimeException ex) {
				failed++;
			}
			pause(400);
		}
		return "| %-40s | %16s | %20s | %19s | %6d |%n".formatted(name, figures(acks), figures(connects),
				figures(replays), failed);
	}

	private static String figures(List<Long> nanos) {
		if (nanos.isEmpty()) {
			return "-";
		}
		Collections.sort(nanos);
		return "%.1f / %.1f".formatted(nanos.get(nanos.size() / 2) / 1e6,
				nanos.get(Math.min(nanos.size() - 1, nanos.size() * 99 / 100)) / 1e6);
	}

	private static String userMessage(String content) {
		return "{\"type\":\"user_message\",\"idempotency_key\":\"" + UUID.randomUUID() + "\",\"content\":\"" + content
				+ "\"}";
	}

	private ResumableWsTestClient connect(String user, @Nullable UUID session) {
		ResumableWsTestClientBuilder builder = ResumableWsTestClient.builder(this.server.uri())
			.tokens(Tokens.ISSUER)
			.user(user)
			.timeout(PATIENCE);
		if (session != null) {
			builder = builder.session(session);
		}
		return builder.connect();
	}

	private static void pause(long millis) {
		try {
			TimeUnit.MILLISECONDS.sleep(millis);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		@Bean
		ReplyGenerator model() {
			return (request) -> request.userId().startsWith(GREEDY) ? Flux.never() : Flux.just(ReplyPart.text("hello"));
		}

		@Bean
		ClientMessageHandler slow() {
			return new ClientMessageHandler() {

				@Override
				public String type() {
					return "slow";
				}

				@Override
				public void handle(ClientMessage message) {
					pause(5000);
				}

			};
		}

	}

}
