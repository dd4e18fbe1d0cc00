/**
 * Replies to user messages, and their distribution among nodes.
 */
@NullMarked
package dev.resumablews.internal.reply;

import org.jspecify.annotations.NullMarked;
