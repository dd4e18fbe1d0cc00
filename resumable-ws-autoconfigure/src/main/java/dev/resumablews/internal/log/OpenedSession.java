package dev.resumablews.internal.log;

import java.util.UUID;

import dev.resumablews.internal.epoch.Forks;
import org.jspecify.annotations.Nullable;

/**
 * A session as a client finds it when it connects.
 *
 * @param sessionId the session's id
 * @param resumed whether the client goes on where it was
 * @param reason why it does not, though it asked to; null otherwise
 * @param cursor the event id after which the client is to be sent events
 * @param lastEventId id of the newest event; 0 when there is none
 * @param earliestEventId id of the oldest event that was not removed because of its age
 * @param forks the history of its log
 * @param rewindTo the last event that this history shares with the client's, if they are
 * not known to be the same
 */
public record OpenedSession(UUID sessionId, boolean resumed, @Nullable Reason reason, long cursor, long lastEventId,
		long earliestEventId, Forks forks, @Nullable Long rewindTo) {

	/**
	 * Returns this session, to be sent from further back.
	 * @param eventId the event after which the client is to be sent events
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
	 * Why a session could not be resumed from where the client was.
	 */
	public enum Reason {

		/**
		 * There is no such session of this user.
		 */
		UNKNOWN_SESSION,

		/**
		 * The client claims to have processed events that do not exist.
		 */
		AHEAD_OF_LOG,

		/**
		 * The client has processed events that are not in the log any more.
		 */
		HISTORY_DIVERGED,

		/**
		 * Events that the client has not processed were removed because of their age.
		 */
		HISTORY_TRUNCATED

	}

}
