package dev.resumablews.internal.relay;

import java.util.UUID;

/**
 * Identifies a relay across nodes.
 *
 * @param sessionId its session
 * @param name its name in the configuration
 */
record RelayKey(UUID sessionId, String name) {

}
