package dev.resumablews.internal.log;

import java.time.Instant;

import dev.resumablews.internal.epoch.Forks;

/**
 * The result of an {@link AppendRequest}.
 *
 * @param eventId id of the event
 * @param duplicate whether an event with the same idempotency key was already stored; the
 * id is then that of the first event
 * @param createdAt the time of storage; for a duplicate, the time of its detection
 * @param forks the history of the session that includes the event; empty for a duplicate
 */
public record AppendResult(long eventId, boolean duplicate, Instant createdAt, Forks forks) {

}
