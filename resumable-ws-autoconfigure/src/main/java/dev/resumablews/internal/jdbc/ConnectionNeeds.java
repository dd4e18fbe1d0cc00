package dev.resumablews.internal.jdbc;

/**
 * How many connections the library uses at the same time.
 *
 * @param reserved those that only their user may take
 * @param shared those that readers share
 */
public record ConnectionNeeds(int reserved, int shared) {

	/**
	 * The writers, the leases, the sender of signals and the reader of remote events have
	 * a connection each that nothing else can take. So does the reader of signals if they
	 * are in a table, and what renews the leases of relays if there are any.
	 */
	private static final int RESERVED_BESIDES_WRITERS = 3;

	/**
	 * Returns what is needed.
	 * @param lanes how many batches are written at the same time
	 * @param readers how many pages are read at the same time
	 * @param polling whether signals are in a table
	 * @param relays whether there are relays
	 * @return the numbers of connections
	 */
	public static ConnectionNeeds of(int lanes, int readers, boolean polling, boolean relays) {
		return new ConnectionNeeds(lanes + RESERVED_BESIDES_WRITERS + (polling ? 1 : 0) + (relays ? 1 : 0), readers);
	}

	/**
	 * Returns how many connections there are at best.
	 * @return the number of connections
	 */
	public int total() {
		return this.reserved + this.shared;
	}

}
