/**
 * The session and the connection of log lines, while handlers run.
 */
@NullMarked
package dev.resumablews.internal.mdc;

import org.jspecify.annotations.NullMarked;
