package dev.resumablews.internal.log;

import java.util.List;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.epoch.Forks;

/**
 * A page of a session's events, with the state of the log at the time of the read.
 *
 * @param events the events, in order
 * @param head id of the newest event of the log
 * @param forks the history of the log
 */
public record LogPage(List<SessionEvent> events, long head, Forks forks) {

}
