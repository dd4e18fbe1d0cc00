/**
 * JMH benchmarks of the inner loops.
 */
@NullMarked
package dev.resumablews.benchmarks.loops;

import org.jspecify.annotations.NullMarked;
