package dev.resumablews.internal.reply;

/**
 * Work of a claim: a {@link Reply}, or the {@link Handling} of a message. Safe for use by
 * many threads. Methods do not block.
 */
sealed interface ClaimedWork permits Reply, Handling {

	/**
	 * Cancels the work on behalf of the user.
	 * @return whether it was still running
	 */
	boolean cancel();

	/**
	 * Ends the work without an event and gives the claim back, because another node has
	 * it, its session is closed, or this node is stopping.
	 * @return whether it was still running
	 */
	boolean abandon();

	/**
	 * Ends the work if it has exceeded its time limit.
	 */
	void checkTime();

}
