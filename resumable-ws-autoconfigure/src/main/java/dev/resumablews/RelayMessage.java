package dev.resumablews;

import java.util.UUID;

import tools.jackson.databind.JsonNode;

/**
 * A client message that a relay forwards to its upstream.
 *
 * @param relay the name of the relay
 * @param sessionId the session of the message
 * @param userId the owner of the session
 * @param eventId the id of the stored event
 * @param idempotencyKey the idempotency key, unique in the session
 * @param payload the client's message, a JSON object
 * @param redelivered whether it may have reached the upstream before, on a lost
 * connection
 */
public record RelayMessage(String relay, UUID sessionId, String userId, long eventId, UUID idempotencyKey,
		JsonNode payload, boolean redelivered) {

}
