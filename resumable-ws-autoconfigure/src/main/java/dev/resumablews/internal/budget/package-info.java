/**
 * Limits for one user on a node.
 */
@NullMarked
package dev.resumablews.internal.budget;

import org.jspecify.annotations.NullMarked;
