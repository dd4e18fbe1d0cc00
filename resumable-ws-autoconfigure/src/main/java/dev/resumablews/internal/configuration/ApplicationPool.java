package dev.resumablews.internal.configuration;

import java.util.function.IntSupplier;

/**
 * The application's connection pool.
 *
 * @param size how many connections it has at most
 */
record ApplicationPool(IntSupplier size) {

}
