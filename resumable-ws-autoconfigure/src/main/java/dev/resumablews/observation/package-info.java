/**
 * Observations of messages, appends and replies with Micrometer: their contexts, names
 * and conventions. An application replaces a convention by a bean of its type. Depends on
 * no other package of this library.
 */
@NullMarked
package dev.resumablews.observation;

import org.jspecify.annotations.NullMarked;
