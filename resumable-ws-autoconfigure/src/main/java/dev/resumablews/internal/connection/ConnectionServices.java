package dev.resumablews.internal.connection;

import java.util.function.LongSupplier;

import dev.resumablews.ResumableWsListener;
import dev.resumablews.internal.budget.UserBudgets;
import dev.resumablews.internal.feed.SessionFeeds;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.protocol.DeltaMerger;
import dev.resumablews.internal.protocol.FrameWriter;
import dev.resumablews.internal.workers.ListeningClock;
import dev.resumablews.internal.workers.Workers;

/**
 * Collaborators shared by all connections.
 *
 * @param settings limits and timeouts
 * @param log the log
 * @param feeds recent events by session
 * @param writer writes messages
 * @param merger merges deltas
 * @param workers the thread pools
 * @param time the time of {@link ListeningClock}
 * @param budgets the users' budgets
 * @param quota bounds what is stored per user
 * @param listener the application's listeners
 */
public record ConnectionServices(ConnectionSettings settings, EventLog log, SessionFeeds feeds, FrameWriter writer,
		DeltaMerger merger, Workers workers, LongSupplier time, UserBudgets budgets, StorageQuota quota,
		ResumableWsListener listener) {

}
