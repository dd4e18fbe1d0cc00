/**
 * Replies to user messages.
 */
@NullMarked
package dev.resumablews.reply;

import org.jspecify.annotations.NullMarked;
