/**
 * Connections: each a cursor into its session's log, and a loop that sends what follows
 * it.
 */
@NullMarked
package dev.resumablews.internal.connection;

import org.jspecify.annotations.NullMarked;
