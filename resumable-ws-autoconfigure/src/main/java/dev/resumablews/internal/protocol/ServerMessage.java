package dev.resumablews.internal.protocol;

import java.time.Instant;
import java.util.List;
import java.util.UUID;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A control message. It is never stored and has no event id.
 */
public sealed interface ServerMessage {

	/**
	 * The first message of every connection.
	 *
	 * @param sessionId the session
	 * @param resumed whether the client continues at its cursor
	 * @param reason why a requested resume was refused; null otherwise
	 * @param lastEventId the head of the log
	 * @param earliestEventId the oldest event that has not expired
	 * @param heartbeatMillis interval of the server's pings
	 * @param connectionId the connection
	 * @param epoch the history of the log, to be sent back with the cursor
	 * @param rewindTo the last event that this history shares with the client's, if the
	 * two may differ
	 */
	record SessionInit(UUID sessionId, boolean resumed, @Nullable String reason, long lastEventId, long earliestEventId,
			long heartbeatMillis, UUID connectionId, String epoch, @Nullable Long rewindTo) implements ServerMessage {
	}

	/**
	 * The history continues under another epoch.
	 *
	 * @param epoch the history of the log, to be sent back with the cursor
	 * @param rewindTo the last event before the change
	 */
	record SessionEpoch(String epoch, long rewindTo) implements ServerMessage {
	}

	/**
	 * The replay is complete: the client has received everything that the log held when
	 * it connected.
	 *
	 * @param lastEventId the newest event that the log held
	 * @param count number of replayed events
	 */
	record ReplayComplete(long lastEventId, long count) implements ServerMessage {
	}

	/**
	 * The response to a {@code ping}.
	 *
	 * @param t the value of the ping
	 */
	record Pong(@Nullable JsonNode t) implements ServerMessage {
	}

	/**
	 * Acknowledges that a client message is durable.
	 *
	 * @param idempotencyKey its key
	 * @param eventId id of the stored event, if the message became one
	 * @param duplicate whether the message had been received before
	 */
	record Ack(UUID idempotencyKey, @Nullable Long eventId, boolean duplicate) implements ServerMessage {
	}

	/**
	 * Presence of the session, for clients that request it.
	 *
	 * @param complete whether {@code joined} lists all connections instead of changes
	 * @param joined new connections
	 * @param left closed connections
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
	 * The response to {@code auth}.
	 *
	 * @param expiresAt expiry of the token; null if it does not expire
	 */
	record AuthOk(@Nullable Instant expiresAt) implements ServerMessage {
	}

	/**
	 * A client message was rejected.
	 *
	 * @param code machine-readable reason
	 * @param message human-readable reason
	 * @param idempotencyKey the message's key, if it had one
	 */
	record ErrorMessage(ErrorCode code, String message, @Nullable UUID idempotencyKey) implements ServerMessage {
	}

	/**
	 * The server is about to close the connection for a planned restart.
	 *
	 * @param reconnectAfterMillis time to wait before reconnecting
	 */
	record ServerRestarting(long reconnectAfterMillis) implements ServerMessage {
	}

	/**
	 * The server closes the connection. Used by transports without close frames.
	 *
	 * @param code the close code
	 * @param reason the close reason
	 */
	record Close(int code, String reason) implements ServerMessage {
	}

}
