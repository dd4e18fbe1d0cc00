/**
 * Scheduled removal of expired rows.
 */
@NullMarked
package dev.resumablews.internal.cleanup;

import org.jspecify.annotations.NullMarked;
