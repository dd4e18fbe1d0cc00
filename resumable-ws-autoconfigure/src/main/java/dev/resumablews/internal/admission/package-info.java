/**
 * The connections of this node: which are admitted, to whom they belong, and how they
 * end.
 */
@NullMarked
package dev.resumablews.internal.admission;

import org.jspecify.annotations.NullMarked;
