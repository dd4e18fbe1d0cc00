/**
 * Scheduled removal of what is no longer needed.
 */
@NullMarked
package dev.resumablews.internal.cleanup;

import org.jspecify.annotations.NullMarked;
