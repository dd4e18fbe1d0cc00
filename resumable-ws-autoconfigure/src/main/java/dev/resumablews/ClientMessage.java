package dev.resumablews;

import java.util.UUID;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A message that a client sent, on its way to a {@link ClientMessageHandler} or an
 * {@link EphemeralMessageHandler}. Immutable, as long as its payload is not changed.
 *
 * @param sessionId the session the client is connected to
 * @param userId the user it authenticated as
 * @param connectionId the connection it came in on; of a message that came in a request
 * of its own, the id of that request
 * @param type its type
 * @param payload its {@code payload}; for a {@code user_message} an object with the
 * {@code content}; a missing node if the client sent none
 * @param idempotencyKey its idempotency key; null if the client sent none
 * @param eventId id of the event it was stored as; null for every type but
 * {@code user_message}
 */
public record ClientMessage(UUID sessionId, String userId, UUID connectionId, String type, JsonNode payload,
		@Nullable UUID idempotencyKey, @Nullable Long eventId) {

}
