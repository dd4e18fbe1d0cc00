/**
 * The event log: sessions, events and idempotency keys in Postgres, and the recent events
 * of connected sessions.
 */
@NullMarked
package dev.resumablews.log;

import org.jspecify.annotations.NullMarked;
