/**
 * Relays between sessions and upstream WebSockets, and their assignment to nodes.
 */
@NullMarked
package dev.resumablews.internal.relay;

import org.jspecify.annotations.NullMarked;
