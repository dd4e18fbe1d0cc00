package dev.resumablews.internal.cleanup;

import java.time.Duration;
import java.util.Optional;

/**
 * One pass over what one kind of row has left behind, in batches. It remembers where it
 * is, so it is used for one run, by one thread. No statement of a sweep waits for a row
 * that somebody else has locked, and none reads more than a batch. Rows are deleted by
 * their place in the table, which cannot change while they or their session are locked.
 */
interface Sweep {

	/**
	 * Returns the kind of row that the sweep is about.
	 * @return one of the names of {@link SweepResult}
	 */
	String what();

	/**
	 * Removes the next batch, in the transaction of the caller.
	 * @return what was removed
	 */
	Batch next();

	/**
	 * Returns how long the oldest row is past its time.
	 * @return the time, zero if no row is; empty, as by default, where nothing depends on
	 * it
	 */
	default Optional<Duration> overdue() {
		return Optional.empty();
	}

	/**
	 * A batch.
	 *
	 * @param removed what was removed
	 * @param more whether there may be more to remove
	 */
	record Batch(SweepResult removed, boolean more) {

	}

}
