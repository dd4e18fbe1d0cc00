package dev.resumablews.benchmarks.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.LongAdder;

import dev.resumablews.benchmarks.wire.Seeds;

/**
 * Publishes events in seeded sessions for a time, from several threads.
 */
final class AppendRun {

	private final EventSink sink;

	private final int sessions;

	private final Map<String, String> payload;

	private final LongAdder appended = new LongAdder();

	private final LongAdder failed = new LongAdder();

	private volatile boolean over;

	AppendRun(EventSink sink, int sessions, int payloadBytes) {
		this.sink = sink;
		this.sessions = sessions;
		// {"text":"..."} is 11 bytes longer than its text
		this.payload = Map.of("text", "x".repeat(payloadBytes - 11));
	}

	/**
	 * Publishes from each thread in one session after another, with a limited number of
	 * events in flight for each thread.
	 * @return events a second
	 */
	double perSecond(int threads, int inFlight, double seconds) throws InterruptedException {
		List<Thread> publishers = new ArrayList<>();
		for (int i = 0; i < threads; i++) {
			int first = i * this.sessions / threads;
			publishers.add(new Thread(() -> publish(first, inFlight), "publisher-" + i));
		}
		long start = System.nanoTime();
		publishers.forEach(Thread::start);
		Thread.sleep((long) (seconds * 1000));
		long count = this.appended.sum();
		double elapsed = (System.nanoTime() - start) / 1e9;
		this.over = true;
		for (Thread publisher : publishers) {
			publisher.join();
		}
		return count / elapsed;
	}

	long failed() {
		return this.failed.sum();
	}

	private void publish(int first, int inFlight) {
		Semaphore places = new Semaphore(inFlight);
		for (int i = first; !this.over; i++) {
			places.acquireUninterruptibly();
			try {
				this.sink.publish(Seeds.sessionId(i % this.sessions), Seeds.EVENT_TYPE, this.payload)
					.whenComplete((done, failure) -> {
						((failure == null) ? this.appended : this.failed).increment();
						places.release();
					});
			}
			catch (RuntimeException ex) {
				this.failed.increment();
				places.release();
			}
		}
		places.acquireUninterruptibly(inFlight);
	}

}
