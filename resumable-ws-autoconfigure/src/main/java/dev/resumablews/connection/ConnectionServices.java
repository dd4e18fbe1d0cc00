package dev.resumablews.connection;

import java.util.List;

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
 * @param listeners are told what happens
 */
record ConnectionServices(ConnectionSettings settings, EventLog log, SessionFeeds feeds, FrameWriter writer,
		DeltaMerger merger, Workers workers, List<ResumableWsListener> listeners) {

}
