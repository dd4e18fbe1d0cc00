package dev.resumablews;

import java.time.Instant;
import java.util.UUID;

/**
 * A durable event of a session, as it is stored. Immutable.
 *
 * @param sessionId the session it belongs to
 * @param id its position in the session's log, counted from 1 without a hole
 * @param type its type, such as {@code user_message}
 * @param payload its payload, the text of a JSON object
 * @param createdAt when it was stored, by the clock of the database
 */
public record SessionEvent(UUID sessionId, long id, String type, String payload, Instant createdAt) {

}
