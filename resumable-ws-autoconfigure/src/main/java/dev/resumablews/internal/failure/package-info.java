/**
 * Reports what keeps an application from starting, and the remedy.
 */
@NullMarked
package dev.resumablews.internal.failure;

import org.jspecify.annotations.NullMarked;
