/**
 * Listeners and metrics.
 */
@NullMarked
package dev.resumablews.internal.observability;

import org.jspecify.annotations.NullMarked;
