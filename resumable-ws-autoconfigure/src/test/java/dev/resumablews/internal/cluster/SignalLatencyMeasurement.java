package dev.resumablews.internal.cluster;

import java.time.Duration;
import java.util.Arrays;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;

import dev.resumablews.test.client.ResumableWsTestClient;
import org.junit.jupiter.api.Test;

/**
 * Measures, for each signal, the time from the append of an event on one node to its
 * delivery to a client of another node. This class is not a test. Run it by name:
 * {@code mvn test -Dtest=SignalLatencyMeasurement}.
 */
class SignalLatencyMeasurement {

	private static final int WARM_UP = 300;

	private static final int EVENTS = 1000;

	@Test
	void postgres() {
		try (TwoNodes nodes = new TwoNodes()) {
			nodes.awaitListeners();
			measure("postgres", nodes, WARM_UP, EVENTS, Duration.ofMillis(5));
		}
	}

	@Test
	void redis() {
		try (TestRedis redis = TestRedis.start(); TwoNodes nodes = new TwoNodes(redis.properties())) {
			OtherSignalsTests.awaitSubscribers(redis.port());
			measure("redis", nodes, WARM_UP, EVENTS, Duration.ofMillis(5));
		}
	}

	@Test
	void polling() {
		try (TwoNodes nodes = new TwoNodes("resumable-ws.cluster.signal", "polling")) {
			measure("polling every 250 ms", nodes, 10, 100, Duration.ofMillis(250));
		}
	}

	private static void measure(String signal, TwoNodes nodes, int warmUp, int events, Duration pause) {
		try (ResumableWsTestClient client = nodes.connect("alice")) {
			UUID session = TwoNodes.session(client);
			long[] nanos = new long[events];
			long[] appendNanos = new long[events];
			for (int n = 1; n <= warmUp + events; n++) {
				// random, so as not to be in step with polling
				LockSupport.parkNanos(ThreadLocalRandom.current().nextLong(pause.toNanos()));
				long start = System.nanoTime();
				nodes.publish(session, n);
				long appended = System.nanoTime();
				TwoNodes.assertReceived(client, n, n);
				if (n > warmUp) {
					nanos[n - warmUp - 1] = System.nanoTime() - start;
					appendNanos[n - warmUp - 1] = appended - start;
				}
			}
			System.out.printf(
					"%s: append to client of another node p50 %s, p99 %s; of that the append p50 %s, p99 %s%n", signal,
					percentile(nanos, 50), percentile(nanos, 99), percentile(appendNanos, 50),
					percentile(appendNanos, 99));
		}
	}

	private static String percentile(long[] nanos, int percent) {
		long[] sorted = nanos.clone();
		Arrays.sort(sorted);
		long value = sorted[Math.min(sorted.length - 1, sorted.length * percent / 100)];
		return "%.1f ms".formatted(Duration.ofNanos(value).toNanos() / 1e6);
	}

}
