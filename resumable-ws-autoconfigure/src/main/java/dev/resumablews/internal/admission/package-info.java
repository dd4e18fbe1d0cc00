/**
 * The connections of this node: their admission, ownership, drain and disconnection.
 */
@NullMarked
package dev.resumablews.internal.admission;

import org.jspecify.annotations.NullMarked;
