/**
 * The load generator, which is a separate process.
 */
@NullMarked
package dev.resumablews.benchmarks.load;

import org.jspecify.annotations.NullMarked;
