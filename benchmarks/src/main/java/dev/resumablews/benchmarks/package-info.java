/**
 * Benchmarks of the cost of durable, resumable delivery.
 */
@NullMarked
package dev.resumablews.benchmarks;

import org.jspecify.annotations.NullMarked;
