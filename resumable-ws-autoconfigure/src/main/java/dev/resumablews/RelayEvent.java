package dev.resumablews;

import java.util.UUID;

import tools.jackson.databind.JsonNode;

/**
 * A message of an upstream on its way through a relay to the clients of a session.
 *
 * @param relay the name of the relay
 * @param sessionId the session
 * @param userId the user the session belongs to
 * @param payload what the upstream sent, a JSON object
 */
public record RelayEvent(String relay, UUID sessionId, String userId, JsonNode payload) {

}
