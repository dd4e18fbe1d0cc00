/**
 * Replies to user messages, and which node runs them.
 */
@NullMarked
package dev.resumablews.internal.reply;

import org.jspecify.annotations.NullMarked;
