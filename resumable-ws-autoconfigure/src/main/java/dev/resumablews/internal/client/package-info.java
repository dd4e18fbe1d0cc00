/**
 * The browser client, as a script that the application serves.
 */
@NullMarked
package dev.resumablews.internal.client;

import org.jspecify.annotations.NullMarked;
