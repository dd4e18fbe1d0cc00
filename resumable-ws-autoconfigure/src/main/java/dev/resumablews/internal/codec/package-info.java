/**
 * Stored form of payloads and its encoding by the application's codec.
 */
@NullMarked
package dev.resumablews.internal.codec;

import org.jspecify.annotations.NullMarked;
