/**
 * Starts observations, and sets what log lines about a client are found by.
 */
@NullMarked
package dev.resumablews.internal.observation;

import org.jspecify.annotations.NullMarked;
