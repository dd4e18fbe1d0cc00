package dev.resumablews.internal.log;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

import dev.resumablews.internal.concurrent.BackOff;
import org.jspecify.annotations.Nullable;

/**
 * The appends of one session that wait for a writer, in their order. While another
 * transaction has locked the session it is parked: after a back-off the first appends are
 * offered again, and the rest waits for what becomes of them. Guarded by the queue.
 */
final class SessionAppends {

	/**
	 * How many appends are tried at once at first: a usual batch, as the session may be
	 * free, or another writer may let go of it within milliseconds.
	 */
	private static final int MAX_OFFERED = 1000;

	/**
	 * How many appends are tried at once when a transaction holds the session for longer.
	 */
	private static final int FEW_OFFERED = 8;

	private static final int FEW_AFTER = 8;

	/**
	 * Another writer holds the lock most of the time while it is busy, but lets go of it
	 * every few milliseconds.
	 */
	private static final int ATTEMPTS_PER_DELAY = 4;

	private final Deque<QueuedAppend> appends = new ArrayDeque<>();

	private long characters;

	private State state = State.FREE;

	/**
	 * How many times in a row the session was found locked.
	 */
	private int failures;

	private long releaseAt;

	/**
	 * How many appends may be taken before it is known whether the session is still
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
	 * Length of the payloads that wait.
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
	 * Returns the append that may be taken, or null if none may.
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
	 * Whether nothing is left to be known of the session.
	 */
	boolean isForgotten() {
		return this.state == State.FREE && this.appends.isEmpty();
	}

	/**
	 * When the next attempt is due.
	 */
	long releaseAt() {
		return this.releaseAt;
	}

	/**
	 * Puts back what was taken, as the session is locked.
	 * @param taken the appends, in their order
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
	 * Offers what was settled when it was tried before, or one append: one whose payload
	 * is bound late is to be settled as late as possible.
	 * @param dropped gets what was refused in the meantime, and does not wait any more
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
			if (count == most || count > 0 && !append.isSettled()) {
				break;
			}
			count++;
		}
		this.state = State.OFFERED;
		this.offered = count;
	}

	/**
	 * Notes that what was taken so far is stored, refused or parked again: a session all
	 * of whose offered appends were taken, and that is not parked again, is not locked
	 * any more.
	 * @return whether that is so
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
		 * Its appends may be taken.
		 */
		FREE,

		/**
		 * It is locked, and the next attempt is not due.
		 */
		PARKED,

		/**
		 * It was locked, and its first appends may be taken to try it again.
		 */
		OFFERED

	}

}
