/**
 * Load generator, which runs as a separate process.
 */
@NullMarked
package dev.resumablews.benchmarks.load;

import org.jspecify.annotations.NullMarked;
