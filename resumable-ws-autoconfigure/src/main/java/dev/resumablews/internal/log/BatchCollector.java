package dev.resumablews.internal.log;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

import dev.resumablews.internal.concurrent.SupervisedLoop;

/**
 * Takes batches of all queued appends, up to a maximum size. A batch that follows another
 * one too soon is delayed, so that each commit stores more events: by as long as it takes
 * that the writer is idle for a third of the time, so Postgres and this node have room to
 * deliver what is stored, and by the commit interval at most. Commits are therefore
 * frequent while they are fast, and become fewer as they become slower. When they take
 * longer than the interval, nothing is delayed, because the batches grow by themselves. A
 * producer that appends one event at a time is not delayed, because waiting would not
 * enlarge its batches. Used by the writer's thread.
 */
final class BatchCollector {

	private static final long MAX_CHARACTERS = 4 * 1024 * 1024;

	/**
	 * Number of appends taken from the queue at once: large enough to keep contention on
	 * the queue's lock low, and small enough that late-bound payloads exceed the maximum
	 * size only slightly.
	 */
	private static final int AT_ONCE = 64;

	private static final long LONGEST_WAIT_NANOS = Duration.ofMillis(100).toNanos();

	/**
	 * Weight of a new measurement in the average, as in the estimate of round-trip times
	 * in RFC 6298.
	 */
	private static final double GAIN = 0.125;

	/**
	 * Time between the starts of two batches, in multiples of the time that a batch
	 * takes. From 1.5 to 2, benchmarks show little difference in processor time; below,
	 * more of it; above, more latency.
	 */
	private static final double INTERVAL = 1.5;

	private final AppendQueue queue;

	private final LogSettings settings;

	private final LongSupplier nanoTime;

	/**
	 * The start time and the size of the previous batch.
	 */
	private long begunAt;

	private int begunWith;

	/**
	 * Whether the previous batch is yet to be measured.
	 */
	private boolean unmeasured;

	/**
	 * Average time that a batch takes to be written and published; 0 before the first.
	 */
	private double averageNanos;

	/**
	 * Creates a collector.
	 * @param queue the queue
	 * @param settings the settings of the log
	 * @param nanoTime the time, as {@link System#nanoTime()}
	 */
	BatchCollector(AppendQueue queue, LogSettings settings, LongSupplier nanoTime) {
		this.queue = queue;
		this.settings = settings;
		this.nanoTime = nanoTime;
		this.begunAt = nanoTime.getAsLong();
	}

	/**
	 * Waits a short time for a batch.
	 * @return the appends, whose payloads are resolved; empty if there is nothing to
	 * store
	 */
	List<QueuedAppend> take(SupervisedLoop.Control control) throws InterruptedException {
		measure();
		if (!this.queue.await(LONGEST_WAIT_NANOS)) {
			return List.of();
		}
		gather(control);
		List<QueuedAppend> taken = new ArrayList<>();
		long characters = 0;
		while (taken.size() < this.settings.maxBatch() && characters < MAX_CHARACTERS) {
			List<QueuedAppend> next = this.queue.poll(Math.min(this.settings.maxBatch() - taken.size(), AT_ONCE),
					MAX_CHARACTERS - characters);
			if (next.isEmpty()) {
				break;
			}
			for (QueuedAppend append : next) {
				if (append.resolve()) {
					taken.add(append);
					characters += append.stored().length();
				}
			}
		}
		this.begunWith = taken.size();
		this.unmeasured = !taken.isEmpty();
		return taken;
	}

	/**
	 * Notes how long the previous batch took.
	 */
	private void measure() {
		if (this.unmeasured) {
			this.unmeasured = false;
			long nanos = this.nanoTime.getAsLong() - this.begunAt;
			this.averageNanos = (this.averageNanos > 0) ? this.averageNanos + GAIN * (nanos - this.averageNanos)
					: nanos;
		}
	}

	private void gather(SupervisedLoop.Control control) throws InterruptedException {
		long interval = (long) Math.min(this.settings.commitInterval().toNanos(), INTERVAL * this.averageNanos);
		long left = this.begunAt + interval - this.nanoTime.getAsLong();
		if (left > 0 && this.begunWith > 1 && this.queue.waiting() < this.settings.maxBatch()) {
			control.await(Duration.ofNanos(left));
		}
		this.begunAt = this.nanoTime.getAsLong();
	}

}
