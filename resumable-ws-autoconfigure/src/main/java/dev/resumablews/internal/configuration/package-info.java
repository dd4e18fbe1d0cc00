/**
 * Checks of the configuration as a whole: property names and invariants between groups.
 */
@NullMarked
package dev.resumablews.internal.configuration;

import org.jspecify.annotations.NullMarked;
