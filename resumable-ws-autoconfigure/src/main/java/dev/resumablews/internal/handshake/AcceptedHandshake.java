package dev.resumablews.internal.handshake;

/**
 * What a request for a WebSocket says that was accepted.
 */
sealed interface AcceptedHandshake permits Handshake, PendingHandshake {

}
