/**
 * The measured servers, each a separate process.
 */
@NullMarked
package dev.resumablews.benchmarks.server;

import org.jspecify.annotations.NullMarked;
