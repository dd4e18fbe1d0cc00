package dev.resumablews.internal.log;

import java.util.UUID;

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
 */
public record OpenedSession(UUID sessionId, boolean resumed, @Nullable Reason reason, long cursor, long lastEventId,
		long earliestEventId) {

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
		 * Events that the client has not processed were removed because of their age.
		 */
		HISTORY_TRUNCATED

	}

}
