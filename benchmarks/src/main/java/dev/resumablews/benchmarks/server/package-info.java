/**
 * The servers that are measured, processes of their own.
 */
@NullMarked
package dev.resumablews.benchmarks.server;

import org.jspecify.annotations.NullMarked;
