package dev.resumablews.benchmarks.load;

import org.jspecify.annotations.Nullable;

/**
 * What a client connects to.
 *
 * @param port port of the server, on this machine
 * @param token the user's token
 * @param sessionId session to resume; null for a new one
 */
record Target(int port, String token, @Nullable String sessionId) {

}
