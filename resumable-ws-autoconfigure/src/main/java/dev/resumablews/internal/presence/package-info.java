/**
 * Who is connected to which node, as Postgres knows it.
 */
@NullMarked
package dev.resumablews.internal.presence;

import org.jspecify.annotations.NullMarked;
