/**
 * The tables and their migrations.
 */
@NullMarked
package dev.resumablews.internal.schema;

import org.jspecify.annotations.NullMarked;
