/**
 * The load generator, a process of its own.
 */
@NullMarked
package dev.resumablews.benchmarks.load;

import org.jspecify.annotations.NullMarked;
