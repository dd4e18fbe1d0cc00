/**
 * Threads, loops and back-off: whatever the library starts, it starts with these.
 */
@NullMarked
package dev.resumablews.internal.concurrent;

import org.jspecify.annotations.NullMarked;
