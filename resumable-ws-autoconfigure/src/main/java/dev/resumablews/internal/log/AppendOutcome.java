package dev.resumablews.internal.log;

import java.util.List;
import java.util.Set;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * The outcome of a batch, provided that its transaction commits.
 *
 * @param results the result of each request, in order; null if the event was not stored
 * @param busy the sessions that another transaction had locked. Their requests may be
 * retried; other requests without a result are rejected for good
 * @param transaction the Postgres id of the transaction; null if it has changed nothing
 */
public record AppendOutcome(List<@Nullable AppendResult> results, Set<UUID> busy, @Nullable String transaction) {

}
