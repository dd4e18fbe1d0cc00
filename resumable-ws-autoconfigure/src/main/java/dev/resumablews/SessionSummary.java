package dev.resumablews;

import java.time.Instant;
import java.util.UUID;

/**
 * What is known about a session without reading its events. Immutable.
 *
 * @param sessionId the session's id
 * @param userId the user it belongs to
 * @param lastEventId id of its newest event; 0 when it has none
 * @param createdAt when it was created
 * @param lastActiveAt when a client last connected or an event was last stored
 * @param closed whether it was closed, so that no client can resume it
 */
public record SessionSummary(UUID sessionId, String userId, long lastEventId, Instant createdAt, Instant lastActiveAt,
		boolean closed) {

}
