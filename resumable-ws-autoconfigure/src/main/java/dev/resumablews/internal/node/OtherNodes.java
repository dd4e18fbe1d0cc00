package dev.resumablews.internal.node;

/**
 * Whether other nodes have clients, as far as this node knows. It takes them to have some
 * until Postgres says that they have not, and again as soon as one of them is heard. Safe
 * for use by many threads.
 */
public final class OtherNodes {

	private boolean present = true;

	private long heard;

	/**
	 * Returns whether there may be other nodes with clients.
	 * @return false if there are none
	 */
	public synchronized boolean mayBePresent() {
		return this.present;
	}

	/**
	 * Notes that another node was heard, or may have been missed.
	 */
	public synchronized void heard() {
		this.present = true;
		this.heard++;
	}

	/**
	 * Returns how often other nodes were heard. To be called before Postgres is asked.
	 * @return a number for {@link #counted(long, boolean)}
	 */
	public synchronized long mark() {
		return this.heard;
	}

	/**
	 * Notes what Postgres said. A node that was heard in the meantime may have come after
	 * Postgres looked.
	 * @param mark what {@link #mark()} returned before Postgres was asked
	 * @param present whether other nodes have clients
	 */
	public synchronized void counted(long mark, boolean present) {
		if (mark == this.heard) {
			this.present = present;
		}
	}

}
