/**
 * Publishing, also within transactions, and idempotent handling of messages.
 */
@NullMarked
package dev.resumablews.internal.publish;

import org.jspecify.annotations.NullMarked;
