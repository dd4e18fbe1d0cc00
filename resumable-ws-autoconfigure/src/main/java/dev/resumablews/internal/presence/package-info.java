/**
 * The live connections of all nodes, as stored in Postgres.
 */
@NullMarked
package dev.resumablews.internal.presence;

import org.jspecify.annotations.NullMarked;
