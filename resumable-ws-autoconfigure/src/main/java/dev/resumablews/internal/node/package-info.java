/**
 * The identity of this node, and the notifications between nodes.
 */
@NullMarked
package dev.resumablews.internal.node;

import org.jspecify.annotations.NullMarked;
