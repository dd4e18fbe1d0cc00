package dev.resumablews;

import java.time.Duration;
import java.util.UUID;

/**
 * Application event: an attempt at a reply ended on this node. An abandoned reply is
 * restarted by this node or another one, which publishes a further event. Published like
 * {@link ClientConnectedEvent}.
 *
 * @param sessionId the session
 * @param userId the user
 * @param messageId the id of the attempt, which is the {@code message_id} of its events
 * @param eventId the event id of the answered user message
 * @param outcome {@code completed}, {@code cancelled}, the code of its failure, or
 * {@code abandoned} if it was left to another node or its session was closed
 * @param duration the running time, without the time in the queue
 */
public record ReplyEndedEvent(UUID sessionId, String userId, UUID messageId, long eventId, String outcome,
		Duration duration) {

}
