/**
 * Scenarios and their measurement.
 */
@NullMarked
package dev.resumablews.benchmarks.scenario;

import org.jspecify.annotations.NullMarked;
