/**
 * What is measured.
 */
@NullMarked
package dev.resumablews.benchmarks.scenario;

import org.jspecify.annotations.NullMarked;
