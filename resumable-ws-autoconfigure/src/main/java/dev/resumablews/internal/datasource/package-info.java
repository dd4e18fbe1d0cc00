/**
 * Chooses the application's {@code DataSource} that the library uses.
 */
@NullMarked
package dev.resumablews.internal.datasource;

import org.jspecify.annotations.NullMarked;
