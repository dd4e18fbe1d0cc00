/**
 * What the servers and the load generator agree on.
 */
@NullMarked
package dev.resumablews.benchmarks.wire;

import org.jspecify.annotations.NullMarked;
