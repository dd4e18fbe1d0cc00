/**
 * Reports of the results.
 */
@NullMarked
package dev.resumablews.benchmarks.report;

import org.jspecify.annotations.NullMarked;
