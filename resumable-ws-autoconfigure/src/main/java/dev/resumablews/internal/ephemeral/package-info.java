/**
 * Events that are not stored, for the clients that are connected now.
 */
@NullMarked
package dev.resumablews.internal.ephemeral;

import org.jspecify.annotations.NullMarked;
