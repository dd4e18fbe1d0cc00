/**
 * The recent events of the sessions that are connected to this node, and what feeds them:
 * this node's commits and those of others.
 */
@NullMarked
package dev.resumablews.internal.feed;

import org.jspecify.annotations.NullMarked;
