/**
 * What one user may take of a node.
 */
@NullMarked
package dev.resumablews.internal.budget;

import org.jspecify.annotations.NullMarked;
