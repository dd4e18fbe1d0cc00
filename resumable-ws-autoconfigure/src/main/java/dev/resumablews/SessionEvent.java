package dev.resumablews;

import java.time.Instant;
import java.util.UUID;

/**
 * A stored event of a session. Immutable.
 *
 * @param sessionId the session of the event
 * @param id the position in the session's log, starting at 1 without gaps
 * @param type the event type, such as {@code user_message}
 * @param payload its payload, the text of a JSON object
 * @param createdAt when it was stored, by the clock of the database
 */
public record SessionEvent(UUID sessionId, long id, String type, String payload, Instant createdAt) {

}
