/**
 * What is made of the figures.
 */
@NullMarked
package dev.resumablews.benchmarks.report;

import org.jspecify.annotations.NullMarked;
