package dev.resumablews.testing;

/**
 * What {@link FaultyPostgres} does to a request.
 */
public enum Fault {

	/**
	 * Nothing.
	 */
	NONE,

	/**
	 * Holds the request back for a moment.
	 */
	DELAY,

	/**
	 * Resets the connection instead of sending the request.
	 */
	DROP,

	/**
	 * Lets Postgres execute the request, commit included, and resets the connection
	 * instead of sending the answer.
	 */
	DROP_ANSWER,

	/**
	 * Lets Postgres execute the request and sends no answer, while the connection stays
	 * open until the client closes it.
	 */
	SILENCE,

	/**
	 * Ends the backend while it executes the request, or immediately before or after.
	 */
	KILL

}
