package dev.resumablews.internal.log;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import dev.resumablews.internal.concurrent.SupervisedLoop;

/**
 * Takes batches of all queued appends, up to a maximum size. A batch that follows another
 * one too soon is delayed by the commit interval, so that each commit stores more events.
 * A producer that appends one event at a time is not delayed, because waiting would not
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

	private final AppendQueue queue;

	private final LogSettings settings;

	/**
	 * The start time and the size of the previous batch.
	 */
	private long begunAt = System.nanoTime();

	private int begunWith;

	BatchCollector(AppendQueue queue, LogSettings settings) {
		this.queue = queue;
		this.settings = settings;
	}

	/**
	 * Waits a short time for a batch.
	 * @return the appends, whose payloads are resolved; empty if there is nothing to
	 * store
	 */
	List<QueuedAppend> take(SupervisedLoop.Control control) throws InterruptedException {
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
		return taken;
	}

	private void gather(SupervisedLoop.Control control) throws InterruptedException {
		long left = this.begunAt + this.settings.commitInterval().toNanos() - System.nanoTime();
		if (left > 0 && this.begunWith > 1 && this.queue.waiting() < this.settings.maxBatch()) {
			control.await(Duration.ofNanos(left));
		}
		this.begunAt = System.nanoTime();
	}

}
