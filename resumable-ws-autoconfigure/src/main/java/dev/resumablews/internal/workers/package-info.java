/**
 * The threads that connections run on, and the clock that their clients are timed by.
 */
@NullMarked
package dev.resumablews.internal.workers;

import org.jspecify.annotations.NullMarked;
