package dev.resumablews.internal.node;

/**
 * Tracks whether other nodes have clients, as far as this node knows. Assumes that they
 * do until Postgres reports otherwise, and again as soon as a signal of another node
 * arrives. Safe for use by many threads.
 */
public final class OtherNodes {

	private boolean present = true;

	private long signals;

	/**
	 * Returns whether there may be other nodes with clients.
	 * @return false if there are none
	 */
	public synchronized boolean mayBePresent() {
		return this.present;
	}

	/**
	 * Records that a signal of another node arrived, or may have been missed.
	 */
	public synchronized void signalReceived() {
		this.present = true;
		this.signals++;
	}

	/**
	 * Returns how many signals of other nodes have arrived. Call this before the query
	 * that counts their clients.
	 * @return a mark to pass to {@link #counted(long, boolean)}
	 */
	public synchronized long mark() {
		return this.signals;
	}

	/**
	 * Records the result of a query. The result is ignored if a signal has arrived since
	 * the mark, because its node may have connected after the query.
	 * @param mark the value of {@link #mark()} before the query
	 * @param present whether other nodes have clients
	 */
	public synchronized void counted(long mark, boolean present) {
		if (mark == this.signals) {
			this.present = present;
		}
	}

}
