/**
 * What clients send: its limits, and its way to the log, the replies and the
 * application's handlers.
 */
@NullMarked
package dev.resumablews.internal.dispatch;

import org.jspecify.annotations.NullMarked;
