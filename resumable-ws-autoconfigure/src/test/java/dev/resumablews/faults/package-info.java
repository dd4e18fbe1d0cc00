/**
 * What the library promises when statements and their answers are lost, rows are locked,
 * and processes are frozen.
 */
@NullMarked
package dev.resumablews.faults;

import org.jspecify.annotations.NullMarked;
