package dev.resumablews.internal.cleanup;

import java.time.Duration;
import java.util.Optional;

/**
 * One pass over one kind of row, in batches. A sweep keeps its position, so it is used
 * for one run by one thread. Its statements skip rows that another transaction has
 * locked, and read at most one batch. Rows are deleted by {@code ctid}, which cannot
 * change while they or their session are locked.
 */
interface Sweep {

	/**
	 * Returns the kind of row that the sweep removes.
	 * @return one of the names of {@link SweepResult}
	 */
	String what();

	/**
	 * Removes the next batch in the caller's transaction.
	 * @return the removed rows
	 */
	Batch next();

	/**
	 * Returns how long the oldest row is overdue.
	 * @return the time, zero if no row is overdue; empty, which is the default, if it is
	 * not monitored
	 */
	default Optional<Duration> overdue() {
		return Optional.empty();
	}

	/**
	 * A batch of removed rows.
	 *
	 * @param removed the removed rows
	 * @param more whether there may be more rows to remove
	 */
	record Batch(SweepResult removed, boolean more) {

	}

}
