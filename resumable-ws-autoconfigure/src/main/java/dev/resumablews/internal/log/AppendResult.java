package dev.resumablews.internal.log;

import java.time.Instant;

import dev.resumablews.internal.epoch.Forks;

/**
 * What became of a {@link AppendRequest}.
 *
 * @param eventId id of the event
 * @param duplicate whether it had been stored before, under the same idempotency key; the
 * id is then that of the first one
 * @param createdAt when it was stored; for a duplicate, when that was noticed
 * @param forks the history of the session that the event is part of; none for a duplicate
 */
public record AppendResult(long eventId, boolean duplicate, Instant createdAt, Forks forks) {

}
