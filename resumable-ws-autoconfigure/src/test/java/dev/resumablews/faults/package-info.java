/**
 * Tests of the guarantees of the library when statements or their responses are lost,
 * rows are locked, processes are frozen, and clients misbehave.
 */
@NullMarked
package dev.resumablews.faults;

import org.jspecify.annotations.NullMarked;
