package dev.resumablews;

import java.util.UUID;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A client message for a {@link ClientMessageHandler} or an
 * {@link EphemeralMessageHandler}. Immutable, provided that the payload is not modified.
 *
 * @param sessionId the session the client is connected to
 * @param user the sender, from the connection's latest token or the login. For a {@code
 * user_message} only the id is available, since it is handled after it was stored,
 * possibly by another node
 * @param connectionId the id of the connection, or of the HTTP request that contained the
 * message; null for a {@code user_message}
 * @param type the message type
 * @param payload the {@code payload}; for a {@code user_message} an object with the
 * {@code content}; a missing node if the client sent none
 * @param idempotencyKey the idempotency key; null if the client sent none
 * @param eventId the id of the stored event of a {@code user_message}; null for any other
 * type
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
