/**
 * The event log: sessions, events, idempotency keys, live connections and the leases of
 * replies in Postgres, and the recent events of connected sessions.
 */
@NullMarked
package dev.resumablews.internal.log;

import org.jspecify.annotations.NullMarked;
