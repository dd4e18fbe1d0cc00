/**
 * Queues of outgoing messages, and flow control.
 */
@NullMarked
package dev.resumablews.internal.outbox;

import org.jspecify.annotations.NullMarked;
