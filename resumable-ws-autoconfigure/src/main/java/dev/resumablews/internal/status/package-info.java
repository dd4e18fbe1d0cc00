/**
 * What the parts of this node tell of their state. Reading it takes no statement and
 * waits for nothing.
 */
@NullMarked
package dev.resumablews.internal.status;

import org.jspecify.annotations.NullMarked;
