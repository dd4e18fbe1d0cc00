package dev.resumablews.faults;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import dev.resumablews.internal.admission.HeldByNode;
import dev.resumablews.testing.TestServer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Measures how thousands of clients that never read, or never complete a request, affect
 * others. Not part of the build; run it with {@code -Dtest=SilentClientMeasurement} and a
 * limit of at least 20,000 open files. {@code -Dsilent.jetty=true} selects Jetty.
 */
class SilentClientMeasurement {

	private static final boolean JETTY = Boolean.getBoolean("silent.jetty");

	private static final Duration TIME = Duration.ofSeconds(Integer.getInteger("silent.seconds", 15));

	private static final int CLIENTS = Integer.getInteger("silent.clients", 1000);

	private static final int HALF_OPEN = Integer.getInteger("silent.connections", 8000);

	private static final String HALF_A_HEAD = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n";

	private static final String[] DOCUMENTED = { "server.tomcat.connection-timeout", "5s",
			"server.jetty.connection-idle-timeout", "5s", "server.tomcat.max-connections",
			System.getProperty("silent.max-connections", "8192") };

	private final StringBuilder table = new StringBuilder(Service.Figures.header());

	@Test
	void measure() throws Exception {
		try (TestServer server = SilentClientTests.start(JETTY, DOCUMENTED); Service service = new Service(server)) {
			service.use(Duration.ofSeconds(8));
			baseline(service);
			neverReading(server, service);
			baseline(service);
			neverReadingButPinging(server, service);
			baseline(service);
			halfOpen(server, service, 1000, HALF_A_HEAD, false);
			halfOpen(server, service, 1000, HALF_A_HEAD, true);
			baseline(service);
			halfOpen(server, service, HALF_OPEN, "", false);
			halfOpen(server, service, HALF_OPEN, HALF_A_HEAD, true);
			baseline(service);
		}
		System.out.println((JETTY ? "Jetty" : "Tomcat") + "\n" + this.table);
	}

	private void baseline(Service service) {
		this.table.append(service.use(TIME).row("none"));
	}

	private void neverReading(TestServer server, Service service) throws IOException {
		int others = HeldByNode.of(server).connections();
		long before = usedHeap();
		try (SilentClients silent = new SilentClients(server, CLIENTS / 10, 10)) {
			long connected = usedHeap();
			server.bean(SilentClientTests.Closes.class).clear();
			silent.publish(30);
			long published = System.nanoTime();
			long during = usedHeap();
			this.table.append(service.use(TIME).row(silent.count() + " clients that never read"));
			SilentClientTests.Closes closes = server.bean(SilentClientTests.Closes.class);
			await().atMost(Duration.ofMinutes(2))
				.untilAsserted(() -> assertThat(HeldByNode.of(server).places()).as("%s", closes.codes())
					.isLessThanOrEqualTo(others));
			this.table.append(
					"  heap for each: %.1f KB connected, %.1f KB when published; closed with 1013: %d, all %d s after the last event; held after: %s%n"
						.formatted((connected - before) / 1024.0 / silent.count(),
								(during - before) / 1024.0 / silent.count(),
								server.bean(SilentClientTests.Closes.class).count(1013),
								TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - published), HeldByNode.of(server)));
		}
	}

	/**
	 * Tomcat answers a ping on the thread that has read it, and that thread blocks until
	 * the send buffer has space.
	 */
	private void neverReadingButPinging(TestServer server, Service service) throws IOException {
		try (SilentClients silent = new SilentClients(server, 25, 10)) {
			silent.publish(30);
			LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(2));
			silent.ping();
			this.table.append(service.use(TIME).row(silent.count() + " clients that never read, and ping"));
		}
	}

	private void halfOpen(TestServer server, Service service, int count, String beginning, boolean dripping)
			throws Exception {
		String name = count + (beginning.isEmpty() ? " connections without a byte" : " connections with half a head")
				+ (dripping ? ", dripping" : "");
		long before = usedHeap();
		try (HalfOpenConnections halfOpen = new HalfOpenConnections(server.port(), count, beginning, dripping)) {
			for (int i = 0; i < 100 && halfOpen.open() < count * 0.98; i++) {
				LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
			}
			int open = halfOpen.open();
			long during = usedHeap();
			this.table.append(service.use(TIME).row(name));
			this.table.append("  open %d, then %d; opened %d; heap for each, both ends: %.1f KB%n".formatted(open,
					halfOpen.open(), halfOpen.opened(), (during - before) / 1024.0 / Math.max(1, open)));
		}
	}

	private static long usedHeap() {
		System.gc();
		Runtime runtime = Runtime.getRuntime();
		return runtime.totalMemory() - runtime.freeMemory();
	}

}
