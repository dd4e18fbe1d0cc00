/**
 * The inner loops by themselves, measured with JMH.
 */
@NullMarked
package dev.resumablews.benchmarks.loops;

import org.jspecify.annotations.NullMarked;
