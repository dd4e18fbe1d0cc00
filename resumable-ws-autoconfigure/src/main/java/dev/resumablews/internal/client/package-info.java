/**
 * Serves the browser client as a script of the application.
 */
@NullMarked
package dev.resumablews.internal.client;

import org.jspecify.annotations.NullMarked;
