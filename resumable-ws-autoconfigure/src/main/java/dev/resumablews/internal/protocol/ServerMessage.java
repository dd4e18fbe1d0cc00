package dev.resumablews.internal.protocol;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A control message: never stored, without an event id.
 */
public sealed interface ServerMessage {

	/**
	 * Always the first message of a connection.
	 *
	 * @param sessionId the session
	 * @param resumed whether the client goes on where it was
	 * @param reason why it does not, though it asked to
	 * @param lastEventId the head of the log
	 * @param earliestEventId the oldest event that was not removed because of its age
	 * @param heartbeatMillis time between the server's pings
	 * @param connectionId the connection
	 * @param epoch the history of the log, to be sent back with the cursor
	 * @param rewindTo the last event that this history shares with the client's, if they
	 * are not known to be the same
	 */
	record SessionInit(UUID sessionId, boolean resumed, @Nullable String reason, long lastEventId, long earliestEventId,
			long heartbeatMillis, UUID connectionId, String epoch, @Nullable Long rewindTo) implements ServerMessage {
	}

	/**
	 * The history that the client is sent continues under another epoch.
	 *
	 * @param epoch the history of the log, to be sent back with the cursor
	 * @param rewindTo the last event before the change
	 */
	record SessionEpoch(String epoch, long rewindTo) implements ServerMessage {
	}

	/**
	 * The connection has caught up with what the log held when it connected.
	 *
	 * @param lastEventId the newest event that the log held
	 * @param count events that were sent to catch up
	 */
	record ReplayComplete(long lastEventId, long count) implements ServerMessage {
	}

	/**
	 * The answer to a {@code ping}.
	 *
	 * @param t what the ping held
	 */
	record Pong(@Nullable JsonNode t) implements ServerMessage {
	}

	/**
	 * A client message is durable.
	 *
	 * @param idempotencyKey its key
	 * @param eventId the event it was stored as, if it was stored as one
	 * @param duplicate whether it had been received before
	 */
	record Ack(UUID idempotencyKey, @Nullable Long eventId, boolean duplicate) implements ServerMessage {
	}

	/**
	 * Who is connected to the session, for a client that asks for it.
	 *
	 * @param complete whether {@code joined} is all there is, instead of what has changed
	 * @param joined connections that are there, and were not before
	 * @param left connections that were there, and are not any more
	 */
	record Presence(boolean complete, List<Member> joined, List<Member> left) implements ServerMessage {

		/**
		 * A connection.
		 *
		 * @param connectionId its id
		 * @param userId its user
		 */
		public record Member(UUID connectionId, String userId) {
		}

	}

	/**
	 * The answer to {@code auth}.
	 *
	 * @param expiresAt when the token expires; null for never
	 */
	record AuthOk(@Nullable Instant expiresAt) implements ServerMessage {
	}

	/**
	 * A client message was not accepted.
	 *
	 * @param code why, for programs
	 * @param message why, for people
	 * @param idempotencyKey the message's key, if it had one
	 */
	record ErrorMessage(ErrorCode code, String message, @Nullable UUID idempotencyKey) implements ServerMessage {
	}

	/**
	 * The server is about to close the connection as planned.
	 *
	 * @param reconnectAfterMillis how long to wait before connecting again
	 */
	record ServerRestarting(long reconnectAfterMillis) implements ServerMessage {
	}

	/**
	 * The server closes the connection. Sent where there is no close frame.
	 *
	 * @param code the close code
	 * @param reason the close reason
	 */
	record Close(int code, String reason) implements ServerMessage {
	}

}
