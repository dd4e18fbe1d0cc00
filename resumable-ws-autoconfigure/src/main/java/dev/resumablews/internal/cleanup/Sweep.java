package dev.resumablews.internal.cleanup;

/**
 * One pass over what one kind of row has left behind, in batches. It remembers where it
 * is, so it is used for one run, by one thread.
 */
interface Sweep {

	/**
	 * Removes the next batch, in the transaction of the caller.
	 * @return what was removed
	 */
	Batch next();

	/**
	 * A batch.
	 *
	 * @param removed what was removed
	 * @param more whether there may be more to remove
	 */
	record Batch(SweepResult removed, boolean more) {

	}

}
