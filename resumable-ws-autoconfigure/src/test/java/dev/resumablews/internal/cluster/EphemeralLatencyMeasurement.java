package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

import dev.resumablews.ResumableSessions;
import dev.resumablews.test.client.ResumableWsTestClient;
import org.junit.jupiter.api.Test;

/**
 * Measures the time that an ephemeral event takes from one node to a client of another
 * node, compared with a durable event, on an idle node and on a node that sends many
 * ephemeral events to other sessions. This class is not a test. Run it by name:
 * {@code mvn test -Dtest=EphemeralLatencyMeasurement}.
 */
class EphemeralLatencyMeasurement {

	private static final int WARM_UP = 300;

	private static final int EVENTS = 1000;

	private static final Duration PAUSE = Duration.ofMillis(5);

	/**
	 * The pause between two background events, about 2,000 events a second.
	 */
	private static final Duration FLOOD_PAUSE = Duration.ofNanos(500_000);

	@Test
	void postgres() {
		try (TwoNodes nodes = new TwoNodes()) {
			nodes.awaitListeners();
			measure("postgres", nodes);
		}
	}

	@Test
	void redis() {
		try (TestRedis redis = TestRedis.start(); TwoNodes nodes = new TwoNodes(redis.properties())) {
			OtherSignalsTests.awaitSubscribers(redis.port());
			measure("redis", nodes);
		}
	}

	private static void measure(String signal, TwoNodes nodes) {
		ResumableSessions sessions = nodes.first().bean(ResumableSessions.class);
		try (ResumableWsTestClient client = nodes.connect("alice")) {
			UUID session = TwoNodes.session(client);
			run(signal + ", alone", sessions, client, session);
			AtomicBoolean ended = new AtomicBoolean();
			Thread flood = new Thread(() -> {
				UUID[] others = new UUID[100];
				Arrays.setAll(others, (n) -> UUID.randomUUID());
				for (int n = 0; !ended.get(); n++) {
					sessions.sendEphemeral(others[n % others.length], "step", Map.of("n", n));
					LockSupport.parkNanos(FLOOD_PAUSE.toNanos());
				}
			});
			flood.start();
			try {
				run(signal + ", beside 2,000 others a second", sessions, client, session);
			}
			finally {
				ended.set(true);
			}
		}
	}

	private static void run(String name, ResumableSessions sessions, ResumableWsTestClient client, UUID session) {
		long[] durable = new long[EVENTS];
		long[] ephemeral = new long[EVENTS];
		for (int n = -WARM_UP; n < EVENTS; n++) {
			Map<String, Integer> payload = Map.of("n", n);
			long first = time(() -> sessions.publish(session, "tick", payload), client, "tick");
			long second = time(() -> sessions.sendEphemeral(session, "step", payload), client, "step");
			if (n >= 0) {
				durable[n] = first;
				ephemeral[n] = second;
			}
		}
		System.out.printf("%s: ephemeral p50 %s, p99 %s; durable p50 %s, p99 %s%n", name, percentile(ephemeral, 50),
				percentile(ephemeral, 99), percentile(durable, 50), percentile(durable, 99));
	}

	private static long time(Runnable send, ResumableWsTestClient client, String type) {
		// random, so as not to be in step with polling
		LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(PAUSE.toNanos()));
		long start = System.nanoTime();
		send.run();
		client.await(type);
		return System.nanoTime() - start;
	}

	private static String percentile(long[] nanos, int percent) {
		long[] sorted = nanos.clone();
		Arrays.sort(sorted);
		return "%.1f ms".formatted(sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)] / 1e6);
	}

}
