package dev.resumablews;

import java.time.Duration;
import java.util.UUID;

/**
 * An attempt at a reply has ended on this node. A reply that is abandoned is begun again,
 * by this node or another one, and ends once more. Published like
 * {@link ClientConnectedEvent}.
 *
 * @param sessionId the session
 * @param userId the user
 * @param messageId the message id of the attempt, as in the reply's events
 * @param eventId the event of the user message that is answered
 * @param outcome {@code completed}, {@code cancelled}, the code of its failure, or
 * {@code abandoned} when it was left to another node or its session was closed
 * @param duration how long it took, without the time it waited for its turn
 */
public record ReplyEndedEvent(UUID sessionId, String userId, UUID messageId, long eventId, String outcome,
		Duration duration) {

}
