/**
 * Starts observations, and sets the session and connection of log lines.
 */
@NullMarked
package dev.resumablews.internal.observation;

import org.jspecify.annotations.NullMarked;
