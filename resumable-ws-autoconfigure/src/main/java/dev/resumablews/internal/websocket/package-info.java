/**
 * WebSocket transport of the connections.
 */
@NullMarked
package dev.resumablews.internal.websocket;

import org.jspecify.annotations.NullMarked;
