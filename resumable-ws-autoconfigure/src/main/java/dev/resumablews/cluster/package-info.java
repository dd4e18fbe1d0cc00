/**
 * Signals between nodes: which sessions have news.
 */
@NullMarked
package dev.resumablews.cluster;

import org.jspecify.annotations.NullMarked;
