package dev.resumablews.internal.connection;

import dev.resumablews.internal.protocol.ServerMessage.ReplayComplete;
import org.jspecify.annotations.Nullable;

/**
 * Tracks the replay of a connection, which covers the events that the log held when the
 * client connected or resumed. Used by the connection's loop.
 */
final class ReplayTracker {

	/**
	 * Newest event of the log at the start of the replay.
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
	 * Starts another replay.
	 * @param newest the newest known event
	 */
	void restart(long newest) {
		this.head = Math.max(this.head, newest);
		this.sent = 0;
		this.active = true;
	}

	/**
	 * Records that an event of the replay is being sent.
	 */
	void sent() {
		this.sent++;
	}

	/**
	 * Ends the replay.
	 * @return the message for the client; null if the replay had already ended
	 */
	@Nullable ReplayComplete complete() {
		if (!this.active) {
			return null;
		}
		this.active = false;
		return new ReplayComplete(this.head, this.sent);
	}

}
