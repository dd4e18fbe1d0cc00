/**
 * Thread pools of the connections, and the clock for client timeouts.
 */
@NullMarked
package dev.resumablews.internal.workers;

import org.jspecify.annotations.NullMarked;
