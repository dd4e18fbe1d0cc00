package dev.resumablews.benchmarks.server;

import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

import dev.resumablews.ResumableWsListener;

/**
 * Counts the batches and events that the log stores.
 */
final class Batches implements ResumableWsListener {

	private final LongAdder batches = new LongAdder();

	private final LongAdder events = new LongAdder();

	@Override
	public void onBatchStored(int events, Duration duration) {
		this.batches.increment();
		this.events.add(events);
	}

	long batches() {
		return this.batches.sum();
	}

	long events() {
		return this.events.sum();
	}

}
