/**
 * What waits to be sent to a client, and how much of it may be under way.
 */
@NullMarked
package dev.resumablews.internal.outbox;

import org.jspecify.annotations.NullMarked;
