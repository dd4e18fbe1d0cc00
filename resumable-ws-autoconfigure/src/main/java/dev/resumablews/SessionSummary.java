package dev.resumablews;

import java.time.Instant;
import java.util.UUID;

/**
 * Summary of a session, without its events. Immutable.
 *
 * @param sessionId the session's id
 * @param userId the owner of the session
 * @param lastEventId the id of the newest event; 0 if there is none
 * @param createdAt the time of creation
 * @param lastActiveAt the time at which a client last connected or an event was last
 * stored
 * @param closed whether the session is closed and cannot be resumed
 */
public record SessionSummary(UUID sessionId, String userId, long lastEventId, Instant createdAt, Instant lastActiveAt,
		boolean closed) {

}
