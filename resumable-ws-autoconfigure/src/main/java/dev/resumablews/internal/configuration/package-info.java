/**
 * Checks of the configuration as a whole: names of properties, and values that do not fit
 * together.
 */
@NullMarked
package dev.resumablews.internal.configuration;

import org.jspecify.annotations.NullMarked;
