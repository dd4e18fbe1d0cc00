package dev.resumablews.internal.log;

import java.util.List;
import java.util.Set;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * What became of a batch, provided that its transaction commits.
 *
 * @param results what became of each request, in their order; null if it was not stored
 * @param busy the sessions that another transaction had locked: their requests may be
 * tried again, while others that were not stored are refused for good
 * @param transaction the id of the transaction in Postgres, or null if it has changed
 * nothing
 */
public record AppendOutcome(List<@Nullable AppendResult> results, Set<UUID> busy, @Nullable String transaction) {

}
