package dev.resumablews.faults;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.ResumableSessions;
import dev.resumablews.testing.TestServer;

import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Publishes to several sessions at a steady pace, and measures latencies and the number
 * of backends of the database. The latency of an event that is delayed by the previous
 * one counts from the time at which it was due.
 */
final class Publishers {

	private static final Duration PACE = Duration.ofMillis(20);

	private static final String BACKENDS = """
			select count(*) from pg_stat_activity
			where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
			""";

	private final ResumableSessions sessions;

	private final List<UUID> targets;

	private final JdbcClient direct;

	Publishers(TestServer server, int count, JdbcClient direct) {
		this.sessions = server.bean(ResumableSessions.class);
		this.targets = Stream.generate(() -> Disturbance.session(server)).limit(count).toList();
		this.direct = direct;
	}

	/**
	 * Publishes for the given time.
	 */
	Figures run(Duration time) {
		ConcurrentLinkedQueue<Long> nanos = new ConcurrentLinkedQueue<>();
		AtomicInteger failures = new AtomicInteger();
		long end = System.nanoTime() + time.toNanos();
		List<Thread> threads = this.targets.stream().map((session) -> new Thread(() -> {
			for (long due = System.nanoTime(); due - end < 0; due += PACE.toNanos()) {
				LockSupport.parkNanos(due - System.nanoTime());
				try {
					this.sessions.publish(session, "tick", Map.of("text", "x".repeat(100)));
				}
				catch (EventLogUnavailableException ex) {
					failures.incrementAndGet();
				}
				nanos.add(System.nanoTime() - due);
			}
		}, "publisher")).toList();
		threads.forEach(Thread::start);
		int backends = 0;
		while (threads.stream().anyMatch(Thread::isAlive)) {
			backends = Math.max(backends, backends());
			LockSupport.parkNanos(PACE.toNanos() * 10);
		}
		return new Figures(nanos.stream().mapToLong(Long::longValue).sorted().toArray(), failures.get(), backends);
	}

	int backends() {
		return this.direct.sql(BACKENDS).query(Integer.class).single();
	}

	/**
	 * The result of a measurement.
	 *
	 * @param nanos the latency of each publish, sorted
	 * @param failures the number of failures
	 * @param backends the maximum number of backends
	 */
	record Figures(long[] nanos, int failures, int backends) {

		double millis(int percent) {
			return this.nanos[Math.min(this.nanos.length - 1, this.nanos.length * percent / 100)] / 1e6;
		}

		String row(String name) {
			return "| %-40s | %6d | %8.1f | %8.1f | %8.1f | %6d | %8d |".formatted(name, this.nanos.length, millis(50),
					millis(99), millis(100), this.failures, this.backends);
		}

		static String header() {
			return """
					| %-40s | events |   p50 ms |   p99 ms |   max ms | failed | backends |
					|%s|-------:|---------:|---------:|---------:|-------:|---------:|""".formatted("disturbance",
					"-".repeat(42));
		}

	}

}
