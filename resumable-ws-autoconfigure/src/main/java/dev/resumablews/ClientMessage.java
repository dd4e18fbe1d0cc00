package dev.resumablews;

import java.util.UUID;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A message that a client sent, on its way to a {@link ClientMessageHandler} or an
 * {@link EphemeralMessageHandler}. Immutable, as long as its payload is not changed.
 *
 * @param sessionId the session the client is connected to
 * @param user the user who sent it, as the connection's newest token or the login says.
 * Of a {@code user_message} only the id is known, as it is handled after it was stored,
 * perhaps by another node
 * @param connectionId the connection it came in on; of a message that came in a request
 * of its own, the id of that request; null for a {@code user_message}
 * @param type its type
 * @param payload its {@code payload}; for a {@code user_message} an object with the
 * {@code content}; a missing node if the client sent none
 * @param idempotencyKey its idempotency key; null if the client sent none
 * @param eventId id of the event it was stored as; null for every type but
 * {@code user_message}
 */
public record ClientMessage(UUID sessionId, AuthenticatedUser user, @Nullable UUID connectionId, String type,
		JsonNode payload, @Nullable UUID idempotencyKey, @Nullable Long eventId) {

	/**
	 * Returns the id of the user who sent the message.
	 * @return the user's id
	 */
	public String userId() {
		return this.user.userId();
	}

}
