/**
 * Signals between nodes: which sessions have new events, and which kinds of work are
 * available.
 */
@NullMarked
package dev.resumablews.internal.cluster;

import org.jspecify.annotations.NullMarked;
