/**
 * Threads, loops, schedulers and back-off for all background work of the library.
 */
@NullMarked
package dev.resumablews.internal.concurrent;

import org.jspecify.annotations.NullMarked;
