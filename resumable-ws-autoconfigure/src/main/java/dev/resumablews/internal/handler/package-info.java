/**
 * The application's handlers of messages: finds them, and calls them.
 */
@NullMarked
package dev.resumablews.internal.handler;

import org.jspecify.annotations.NullMarked;
