package dev.resumablews.internal.jdbc;

/**
 * Number of connections that the library uses concurrently.
 *
 * @param reserved connections reserved for one user each
 * @param shared connections shared by readers
 */
public record ConnectionNeeds(int reserved, int shared) {

	/**
	 * The leases, the sender of signals and the reader of remote events have a reserved
	 * connection each, in addition to the writers. So do the reader of signals if they
	 * are in a table, and the leases of relays if there are any.
	 */
	private static final int OTHER_RESERVED = 3;

	/**
	 * Returns the connections needed.
	 * @param writers number of writers of the log
	 * @param readers number of pages read concurrently
	 * @param polling whether signals are in a table
	 * @param relays whether there are relays
	 * @return the numbers of connections
	 */
	public static ConnectionNeeds of(int writers, int readers, boolean polling, boolean relays) {
		return new ConnectionNeeds(writers + OTHER_RESERVED + (polling ? 1 : 0) + (relays ? 1 : 0), readers);
	}

	/**
	 * Returns the recommended size of the pool.
	 * @return the number of connections
	 */
	public int total() {
		return this.reserved + this.shared;
	}

}
