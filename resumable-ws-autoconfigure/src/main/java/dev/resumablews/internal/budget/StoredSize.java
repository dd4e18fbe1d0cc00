package dev.resumablews.internal.budget;

/**
 * How much is stored for a user, as far as this node knows: what Postgres said last, and
 * what was taken since. Safe for use by many threads.
 */
public final class StoredSize {

	private long bytes;

	/**
	 * What was taken since the last look began.
	 */
	private long takenSince;

	private boolean known;

	private boolean looking;

	private long lookedAt;

	StoredSize() {
	}

	/**
	 * Begins to look, unless somebody else is looking or the last look was a short while
	 * ago. The caller reports how it ended.
	 * @param now the time, by {@link System#nanoTime()}
	 * @param maxAge how old the last look may be, in nanoseconds
	 * @return whether the caller is to look
	 */
	public synchronized boolean beginLook(long now, long maxAge) {
		if (this.looking || this.known && now - this.lookedAt < maxAge) {
			return false;
		}
		this.looking = true;
		this.known = true;
		this.lookedAt = now;
		this.takenSince = 0;
		return true;
	}

	/**
	 * Notes what Postgres said.
	 * @param stored how much is stored, in bytes
	 */
	public synchronized void looked(long stored) {
		this.bytes = stored + this.takenSince;
		this.looking = false;
	}

	/**
	 * Notes that Postgres did not answer. What was known is used on.
	 */
	public synchronized void failed() {
		this.looking = false;
	}

	/**
	 * Adds a message, if there is room for it.
	 * @param length its size in bytes, or nearly so
	 * @param limit how much may be stored, in bytes
	 * @return whether there was room
	 */
	public synchronized boolean tryAdd(long length, long limit) {
		if (this.bytes + length > limit) {
			return false;
		}
		this.bytes += length;
		this.takenSince += length;
		return true;
	}

}
