package dev.resumablews.internal.log;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

import dev.resumablews.internal.concurrent.BackOff;
import org.jspecify.annotations.Nullable;

/**
 * The queued appends of one session, in order. While another transaction has locked the
 * session, its appends are parked. After a back-off the first appends are offered again,
 * and the others wait for the outcome. Guarded by the queue.
 */
final class SessionAppends {

	/**
	 * Maximum number of appends offered in the first retries: a typical batch, because
	 * the session is often unlocked within milliseconds.
	 */
	private static final int MAX_OFFERED = 1000;

	/**
	 * Maximum number of appends offered if the session stays locked for longer.
	 */
	private static final int FEW_OFFERED = 8;

	private static final int FEW_AFTER = 8;

	/**
	 * A busy writer holds the lock most of the time, but releases it every few
	 * milliseconds.
	 */
	private static final int ATTEMPTS_PER_DELAY = 4;

	private final Deque<QueuedAppend> appends = new ArrayDeque<>();

	private long characters;

	private State state = State.FREE;

	/**
	 * Consecutive attempts that found the session locked.
	 */
	private int failures;

	private long releaseAt;

	/**
	 * Number of appends that may be taken before it is known whether the session is still
	 * locked.
	 */
	private int offered;

	void add(QueuedAppend append) {
		this.appends.add(append);
		this.characters += append.waitingLength();
	}

	int size() {
		return this.appends.size();
	}

	/**
	 * Returns the total length of the queued payloads.
	 */
	long characters() {
		return this.characters;
	}

	/**
	 * Returns the append that has waited longest.
	 */
	@Nullable QueuedAppend oldest() {
		return this.appends.peek();
	}

	void forEach(Consumer<QueuedAppend> consumer) {
		this.appends.forEach(consumer);
	}

	/**
	 * Returns the append that may be taken next; null if there is none.
	 */
	@Nullable QueuedAppend peek() {
		boolean taken = this.state == State.PARKED || this.state == State.OFFERED && this.offered == 0;
		return taken ? null : this.appends.peek();
	}

	QueuedAppend remove() {
		QueuedAppend append = this.appends.remove();
		this.characters -= append.waitingLength();
		if (this.state == State.OFFERED) {
			this.offered--;
		}
		return append;
	}

	boolean isParked() {
		return this.state == State.PARKED;
	}

	/**
	 * Returns whether this object has no state and can be discarded.
	 */
	boolean isForgotten() {
		return this.state == State.FREE && this.appends.isEmpty();
	}

	/**
	 * Returns the time of the next attempt.
	 */
	long releaseAt() {
		return this.releaseAt;
	}

	/**
	 * Puts back appends that were taken, because the session is locked.
	 * @param taken the appends, in order
	 */
	void park(List<QueuedAppend> taken, BackOff backOff) {
		for (int i = taken.size() - 1; i >= 0; i--) {
			this.appends.addFirst(taken.get(i));
			this.characters += taken.get(i).waitingLength();
		}
		this.state = State.PARKED;
		this.offered = 0;
		this.failures++;
		this.releaseAt = System.nanoTime() + backOff.delay(1 + this.failures / ATTEMPTS_PER_DELAY).toNanos();
	}

	/**
	 * Offers the appends that were resolved in an earlier attempt, or else one append,
	 * because a late-bound payload must be resolved as late as possible.
	 * @param dropped receives appends that were rejected in the meantime and are removed
	 */
	void offer(Consumer<QueuedAppend> dropped) {
		this.appends.removeIf((append) -> {
			boolean refused = append.result().isDone();
			if (refused) {
				this.characters -= append.waitingLength();
				dropped.accept(append);
			}
			return refused;
		});
		int most = (this.failures < FEW_AFTER) ? MAX_OFFERED : FEW_OFFERED;
		int count = 0;
		for (QueuedAppend append : this.appends) {
			if (count == most || count > 0 && !append.isResolved()) {
				break;
			}
			count++;
		}
		this.state = State.OFFERED;
		this.offered = count;
	}

	/**
	 * Notes that all taken appends are stored, rejected or parked again. The session is
	 * unlocked if all offered appends were taken and none was parked again.
	 * @return whether the session is unlocked
	 */
	boolean written() {
		boolean unlocked = this.state == State.OFFERED && this.offered == 0;
		if (unlocked) {
			this.state = State.FREE;
			this.failures = 0;
		}
		return unlocked;
	}

	private enum State {

		/**
		 * Appends may be taken.
		 */
		FREE,

		/**
		 * The session is locked, and the next attempt is not due.
		 */
		PARKED,

		/**
		 * The session was locked, and its first appends may be taken to retry it.
		 */
		OFFERED

	}

}
