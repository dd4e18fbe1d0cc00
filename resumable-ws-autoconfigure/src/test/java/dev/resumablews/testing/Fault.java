package dev.resumablews.testing;

/**
 * Fault that {@link FaultyPostgres} injects into a request.
 */
public enum Fault {

	/**
	 * No fault.
	 */
	NONE,

	/**
	 * Delays the request.
	 */
	DELAY,

	/**
	 * Resets the connection instead of sending the request.
	 */
	DROP,

	/**
	 * Lets Postgres execute the request, including a commit, and resets the connection
	 * instead of sending the response.
	 */
	DROP_ANSWER,

	/**
	 * Lets Postgres execute the request and sends no response. The connection stays open
	 * until the client closes it.
	 */
	SILENCE,

	/**
	 * Terminates the backend during the request, or immediately before or after.
	 */
	KILL

}
