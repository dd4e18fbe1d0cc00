/**
 * The tables, and the migrations that make them.
 */
@NullMarked
package dev.resumablews.internal.schema;

import org.jspecify.annotations.NullMarked;
