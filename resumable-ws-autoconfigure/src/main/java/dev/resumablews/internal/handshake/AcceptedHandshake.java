package dev.resumablews.internal.handshake;

/**
 * Result of an accepted WebSocket handshake.
 */
sealed interface AcceptedHandshake permits Handshake, PendingHandshake {

}
