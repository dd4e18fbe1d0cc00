/**
 * History of a session's log across failovers and restores of the database.
 */
@NullMarked
package dev.resumablews.internal.epoch;

import org.jspecify.annotations.NullMarked;
