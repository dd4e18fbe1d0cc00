/**
 * In-memory feeds of the recent events of locally connected sessions, filled by the
 * commits of this node and of other nodes.
 */
@NullMarked
package dev.resumablews.internal.feed;

import org.jspecify.annotations.NullMarked;
