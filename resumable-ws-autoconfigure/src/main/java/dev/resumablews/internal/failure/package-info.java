/**
 * Failure analysis for start-up problems.
 */
@NullMarked
package dev.resumablews.internal.failure;

import org.jspecify.annotations.NullMarked;
