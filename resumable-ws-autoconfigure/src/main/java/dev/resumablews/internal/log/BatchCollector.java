package dev.resumablews.internal.log;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import dev.resumablews.internal.concurrent.SupervisedLoop;

/**
 * Takes batches from a queue: all that waits, up to a size. A batch that would follow too
 * soon on another one waits for the commit interval, so that more events are stored by
 * each commit. A producer that appends one event after the other does not wait, as there
 * is nothing to wait for. Used by the writer's thread.
 */
final class BatchCollector {

	private static final long MAX_CHARACTERS = 4 * 1024 * 1024;

	/**
	 * Appends that are taken at once: enough that those who append seldom meet the writer
	 * at the queue, and few enough that payloads that are bound late exceed the size by
	 * little.
	 */
	private static final int AT_ONCE = 64;

	private static final long LONGEST_WAIT_NANOS = Duration.ofMillis(100).toNanos();

	private final AppendQueue queue;

	private final LogSettings settings;

	/**
	 * When the batch before this one was begun, and how many events it held.
	 */
	private long begunAt = System.nanoTime();

	private int begunWith;

	BatchCollector(AppendQueue queue, LogSettings settings) {
		this.queue = queue;
		this.settings = settings;
	}

	/**
	 * Waits for a batch, for a short time.
	 * @return the appends, whose payloads are settled; none if there was nothing to store
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
				if (append.settle()) {
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
