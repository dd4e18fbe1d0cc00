/**
 * Signals between nodes: which sessions have news, and that there is something to do.
 */
@NullMarked
package dev.resumablews.internal.cluster;

import org.jspecify.annotations.NullMarked;
