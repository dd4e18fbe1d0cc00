/**
 * Processing of client messages: limits, storage, replies and the application's handlers.
 */
@NullMarked
package dev.resumablews.internal.dispatch;

import org.jspecify.annotations.NullMarked;
