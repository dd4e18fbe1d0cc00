/**
 * Metrics.
 */
@NullMarked
package dev.resumablews.observability;

import org.jspecify.annotations.NullMarked;
