/**
 * Which history of the database the events of a session belong to.
 */
@NullMarked
package dev.resumablews.internal.epoch;

import org.jspecify.annotations.NullMarked;
