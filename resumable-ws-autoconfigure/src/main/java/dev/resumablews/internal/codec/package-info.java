/**
 * The form in which payloads are stored, and the application's codec.
 */
@NullMarked
package dev.resumablews.internal.codec;

import org.jspecify.annotations.NullMarked;
