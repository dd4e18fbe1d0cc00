/**
 * The browser client, as a script that the application serves.
 */
@NullMarked
package dev.resumablews.client;

import org.jspecify.annotations.NullMarked;
