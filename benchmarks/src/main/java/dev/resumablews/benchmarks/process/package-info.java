/**
 * Processes that a measurement needs, and the database.
 */
@NullMarked
package dev.resumablews.benchmarks.process;

import org.jspecify.annotations.NullMarked;
