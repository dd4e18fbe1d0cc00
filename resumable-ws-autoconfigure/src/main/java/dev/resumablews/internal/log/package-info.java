/**
 * The event log in Postgres: sessions, events and idempotency keys, and the writers that
 * store them.
 */
@NullMarked
package dev.resumablews.internal.log;

import org.jspecify.annotations.NullMarked;
