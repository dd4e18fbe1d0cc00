/**
 * Runs statements in Postgres with time limits on the client and on the server.
 */
@NullMarked
package dev.resumablews.internal.jdbc;

import org.jspecify.annotations.NullMarked;
