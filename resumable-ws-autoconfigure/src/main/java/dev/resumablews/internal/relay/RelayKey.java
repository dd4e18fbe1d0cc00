package dev.resumablews.internal.relay;

import java.util.UUID;

/**
 * What identifies a relay, whichever node runs it.
 *
 * @param sessionId its session
 * @param name its name in the configuration
 */
record RelayKey(UUID sessionId, String name) {

}
