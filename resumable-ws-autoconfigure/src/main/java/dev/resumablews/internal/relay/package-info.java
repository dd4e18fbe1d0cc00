/**
 * Sessions that are connected to an upstream WebSocket, and which node holds it.
 */
@NullMarked
package dev.resumablews.internal.relay;

import org.jspecify.annotations.NullMarked;
