package dev.resumablews.internal.budget;

/**
 * Estimate of the number of bytes stored for a user: the last value read from Postgres
 * plus the messages accepted on this node since then. Safe for use by many threads.
 */
public final class StoredSize {

	private long bytes;

	/**
	 * Bytes added since the last refresh began.
	 */
	private long addedSince;

	private boolean known;

	private boolean refreshing;

	private long refreshedAt;

	StoredSize() {
	}

	/**
	 * Begins a refresh, unless another one is running or the last one was recent. The
	 * caller must report the outcome with {@link #refreshed} or {@link #failed}.
	 * @param now the time, by {@link System#nanoTime()}
	 * @param maxAge maximum age of the last refresh, in nanoseconds
	 * @return whether the caller must refresh
	 */
	public synchronized boolean beginRefresh(long now, long maxAge) {
		if (this.refreshing || this.known && now - this.refreshedAt < maxAge) {
			return false;
		}
		this.refreshing = true;
		this.known = true;
		this.refreshedAt = now;
		this.addedSince = 0;
		return true;
	}

	/**
	 * Sets the value read from Postgres.
	 * @param stored the number of stored bytes
	 */
	public synchronized void refreshed(long stored) {
		this.bytes = stored + this.addedSince;
		this.refreshing = false;
	}

	/**
	 * Ends a refresh that failed. The previous estimate stays in use.
	 */
	public synchronized void failed() {
		this.refreshing = false;
	}

	/**
	 * Adds a message if the limit permits it.
	 * @param length its approximate size in bytes
	 * @param limit maximum number of stored bytes
	 * @return whether the message was added
	 */
	public synchronized boolean tryAdd(long length, long limit) {
		if (this.bytes + length > limit) {
			return false;
		}
		this.bytes += length;
		this.addedSince += length;
		return true;
	}

}
