/**
 * Identity of this node, and notifications between nodes.
 */
@NullMarked
package dev.resumablews.internal.node;

import org.jspecify.annotations.NullMarked;
