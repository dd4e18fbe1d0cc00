package dev.resumablews.connection;

import dev.resumablews.ResumableWsListener;
import dev.resumablews.log.EventLog;
import dev.resumablews.log.SessionFeeds;
import dev.resumablews.protocol.DeltaMerger;
import dev.resumablews.protocol.FrameWriter;

/**
 * What all connections share.
 *
 * @param settings limits and times
 * @param log the log
 * @param feeds recent events
 * @param writer writes what is sent
 * @param merger makes few deltas of many
 * @param workers the threads
 * @param listener is told what happens
 */
record ConnectionServices(ConnectionSettings settings, EventLog log, SessionFeeds feeds, FrameWriter writer,
		DeltaMerger merger, Workers workers, ResumableWsListener listener) {

}
