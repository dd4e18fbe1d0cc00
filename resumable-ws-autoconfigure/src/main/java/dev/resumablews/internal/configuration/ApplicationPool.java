package dev.resumablews.internal.configuration;

import java.util.function.IntSupplier;

/**
 * The application's connection pool.
 *
 * @param size the maximum number of connections
 */
record ApplicationPool(IntSupplier size) {

}
