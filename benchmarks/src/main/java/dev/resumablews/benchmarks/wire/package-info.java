/**
 * Formats that the servers and the load generator share.
 */
@NullMarked
package dev.resumablews.benchmarks.wire;

import org.jspecify.annotations.NullMarked;
