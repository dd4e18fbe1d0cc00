package dev.resumablews.benchmarks.server;

import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

import dev.resumablews.benchmarks.wire.Seeds;
import dev.resumablews.benchmarks.wire.Stamp;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * Handles control requests of the measuring process.
 */
@RestController
final class Control {

	private final EventSink sink;

	private final ObjectProvider<Batches> batches;

	Control(EventSink sink, ObjectProvider<Batches> batches) {
		this.sink = sink;
		this.batches = batches;
	}

	/**
	 * Appends as many events as the server can store.
	 */
	@PostMapping("/bench/append")
	Map<String, Double> append(@RequestParam int sessions, @RequestParam int payload, @RequestParam int threads,
			@RequestParam int inFlight, @RequestParam double seconds) throws InterruptedException {
		Batches batches = this.batches.getIfAvailable(Batches::new);
		long batchesBefore = batches.batches();
		long eventsBefore = batches.events();
		AppendRun run = new AppendRun(this.sink, sessions, payload);
		double perSecond = run.perSecond(threads, inFlight, seconds);
		long stored = Math.max(1, batches.batches() - batchesBefore);
		return Map.of("perSecond", perSecond, "failed", (double) run.failed(), "batch",
				(batches.events() - eventsBefore) / (double) stored);
	}

	/**
	 * Publishes stamped events in one session, at a fixed interval.
	 */
	@PostMapping("/bench/publish")
	void publish(@RequestParam UUID session, @RequestParam int events, @RequestParam long periodMicros) {
		long start = System.nanoTime();
		for (int i = 0; i < events; i++) {
			long due = start + i * periodMicros * 1000;
			while (System.nanoTime() < due) {
				LockSupport.parkNanos(due - System.nanoTime());
			}
			this.sink.publish(session, Seeds.EVENT_TYPE, Map.of("text", Stamp.of(due))).join();
		}
	}

	/**
	 * Publishes the message with a number in each of several sessions, and responds when
	 * all are stored.
	 */
	@PostMapping("/bench/messages")
	void publish(@RequestParam int from, @RequestParam int to, @RequestParam int number) {
		CompletableFuture
			.allOf(IntStream.range(from, to)
				.mapToObj((session) -> this.sink.publish(Seeds.sessionId(session), Seeds.EVENT_TYPE,
						Map.of("text", Stamp.of(number))))
				.toArray(CompletableFuture[]::new))
			.join();
	}

	/**
	 * Returns the total time of JIT compilation.
	 */
	@PostMapping("/bench/compiling")
	Map<String, Double> compiling() {
		return Map.of("millis", (double) ManagementFactory.getCompilationMXBean().getTotalCompilationTime());
	}

	/**
	 * Collects garbage.
	 * @return used and committed bytes of the heap
	 */
	@PostMapping("/bench/gc")
	Map<String, Double> collectGarbage() {
		System.gc();
		Runtime runtime = Runtime.getRuntime();
		double total = runtime.totalMemory();
		return Map.of("heap", total - runtime.freeMemory(), "committed", total);
	}

}
