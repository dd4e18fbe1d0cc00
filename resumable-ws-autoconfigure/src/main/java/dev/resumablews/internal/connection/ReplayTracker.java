package dev.resumablews.internal.connection;

import dev.resumablews.internal.protocol.ServerMessage.ReplayComplete;
import org.jspecify.annotations.Nullable;

/**
 * The replay of a connection: what the log held when the client came, or resumed. Used by
 * the connection's loop.
 */
final class ReplayTracker {

	/**
	 * The newest event of the log when the replay began.
	 */
	private long head;

	private long sent;

	private boolean active = true;

	ReplayTracker(long head) {
		this.head = head;
	}

	boolean isActive() {
		return this.active;
	}

	/**
	 * Returns whether an event is part of the replay.
	 */
	boolean covers(long eventId) {
		return eventId <= this.head;
	}

	/**
	 * Begins another replay.
	 * @param newest the newest known event
	 */
	void restart(long newest) {
		this.head = Math.max(this.head, newest);
		this.sent = 0;
		this.active = true;
	}

	/**
	 * Notes an event of the replay that is sent.
	 */
	void sent() {
		this.sent++;
	}

	/**
	 * Ends the replay.
	 * @return what the client is sent then; null if it has ended before
	 */
	@Nullable ReplayComplete complete() {
		if (!this.active) {
			return null;
		}
		this.active = false;
		return new ReplayComplete(this.head, this.sent);
	}

}
