package dev.resumablews.internal.log;

import java.util.List;

import dev.resumablews.SessionEvent;
import dev.resumablews.internal.epoch.Forks;

/**
 * Events of a session, and the state of the log that they were read from.
 *
 * @param events the events, in order
 * @param head id of the newest event of the log
 * @param forks the history of the log
 */
public record LogPage(List<SessionEvent> events, long head, Forks forks) {

}
