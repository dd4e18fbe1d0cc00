/**
 * Processes and the database of a measurement.
 */
@NullMarked
package dev.resumablews.benchmarks.process;

import org.jspecify.annotations.NullMarked;
