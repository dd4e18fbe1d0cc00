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
 * What all connections share.
 *
 * @param settings limits and times
 * @param log the log
 * @param feeds recent events
 * @param writer writes what is sent
 * @param merger makes few deltas of many
 * @param workers the threads
 * @param time the time of {@link ListeningClock}
 * @param budgets what the users may take
 * @param quota how much may be stored for a user
 * @param listener is called when something happens
 */
public record ConnectionServices(ConnectionSettings settings, EventLog log, SessionFeeds feeds, FrameWriter writer,
		DeltaMerger merger, Workers workers, LongSupplier time, UserBudgets budgets, StorageQuota quota,
		ResumableWsListener listener) {

}
