/**
 * Connections: a cursor into the session's log, and a loop that sends the events after
 * it.
 */
@NullMarked
package dev.resumablews.internal.connection;

import org.jspecify.annotations.NullMarked;
