/**
 * Status of the components of this node. Reading it neither runs a statement nor blocks.
 */
@NullMarked
package dev.resumablews.internal.status;

import org.jspecify.annotations.NullMarked;
