/**
 * Benchmarks: what durable and resumable costs.
 */
@NullMarked
package dev.resumablews.benchmarks;

import org.jspecify.annotations.NullMarked;
