package dev.resumablews.internal.log;

import java.util.UUID;

import dev.resumablews.internal.epoch.Forks;
import org.jspecify.annotations.Nullable;

/**
 * The state of a session when a client opens it.
 *
 * @param sessionId the session's id
 * @param resumed whether the client resumes at its cursor
 * @param reason the reason why a requested resume failed; null otherwise
 * @param cursor the event id after which the client receives events
 * @param lastEventId id of the newest event; 0 if there is none
 * @param earliestEventId id of the oldest event that has not expired
 * @param forks the history of its log
 * @param rewindTo the last event that this history shares with the client's; null if the
 * histories are the same or the client did not send its own
 */
public record OpenedSession(UUID sessionId, boolean resumed, @Nullable Reason reason, long cursor, long lastEventId,
		long earliestEventId, Forks forks, @Nullable Long rewindTo) {

	/**
	 * Returns a copy of this session with an earlier cursor.
	 * @param eventId the event after which the client receives events
	 * @return the session
	 */
	OpenedSession rewoundTo(long eventId) {
		if (eventId < this.earliestEventId - 1) {
			return new OpenedSession(this.sessionId, false, Reason.HISTORY_TRUNCATED, this.earliestEventId - 1,
					this.lastEventId, this.earliestEventId, this.forks, eventId);
		}
		return new OpenedSession(this.sessionId, false, this.reason, eventId, this.lastEventId, this.earliestEventId,
				this.forks, eventId);
	}

	/**
	 * Reasons why a session could not be resumed at the client's cursor.
	 */
	public enum Reason {

		/**
		 * The user has no such session.
		 */
		UNKNOWN_SESSION,

		/**
		 * The client's cursor is after the newest event.
		 */
		AHEAD_OF_LOG,

		/**
		 * The client has processed events that are no longer in the log.
		 */
		HISTORY_DIVERGED,

		/**
		 * Events that the client has not processed have expired.
		 */
		HISTORY_TRUNCATED

	}

}
