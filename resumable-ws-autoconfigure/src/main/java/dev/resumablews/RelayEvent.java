package dev.resumablews;

import java.util.UUID;

import tools.jackson.databind.JsonNode;

/**
 * An upstream message that a relay forwards to the clients of a session.
 *
 * @param relay the name of the relay
 * @param sessionId the session
 * @param userId the owner of the session
 * @param payload the upstream's message, a JSON object
 */
public record RelayEvent(String relay, UUID sessionId, String userId, JsonNode payload) {

}
