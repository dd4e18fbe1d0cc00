package dev.resumablews.benchmarks.load;

import org.jspecify.annotations.Nullable;

/**
 * Server and session that a client connects to.
 *
 * @param port port of the server, on this machine
 * @param user the user
 * @param token the user's token
 * @param sessionId session to resume; null for a new one
 * @param lastEventId last event that the user has received; null for none
 */
record Target(int port, String user, String token, @Nullable String sessionId, @Nullable String lastEventId) {

}
