/**
 * The road of WebSockets to the connections.
 */
@NullMarked
package dev.resumablews.internal.websocket;

import org.jspecify.annotations.NullMarked;
