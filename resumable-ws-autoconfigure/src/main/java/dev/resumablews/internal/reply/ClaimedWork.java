package dev.resumablews.internal.reply;

/**
 * What runs for a claim: a {@link Reply}, or the {@link Handling} of a message. Safe for
 * use by many threads; methods do not block.
 */
sealed interface ClaimedWork permits Reply, Handling {

	/**
	 * Ends it because the user wants that.
	 * @return whether it had not ended yet
	 */
	boolean cancel();

	/**
	 * Ends it without an event, and gives the claim back: it is another node's, its
	 * session is gone, or this node stops.
	 * @return whether it had not ended yet
	 */
	boolean abandon();

	/**
	 * Ends it if it takes too long.
	 */
	void checkTime();

}
