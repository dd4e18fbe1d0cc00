package dev.resumablews;

import java.util.UUID;

import tools.jackson.databind.JsonNode;

/**
 * A client's message on its way through a relay to the upstream.
 *
 * @param relay the name of the relay
 * @param sessionId the session it is stored in
 * @param userId the user the session belongs to
 * @param eventId the event it is stored as
 * @param idempotencyKey its key, unique in its session
 * @param payload what the client sent, a JSON object
 * @param redelivered whether it may have reached the upstream before, on a connection
 * that was lost
 */
public record RelayMessage(String relay, UUID sessionId, String userId, long eventId, UUID idempotencyKey,
		JsonNode payload, boolean redelivered) {

}
