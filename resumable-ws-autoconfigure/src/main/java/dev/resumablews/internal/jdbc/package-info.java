/**
 * Runs statements in Postgres, each of them bounded on the client and on the server.
 */
@NullMarked
package dev.resumablews.internal.jdbc;

import org.jspecify.annotations.NullMarked;
