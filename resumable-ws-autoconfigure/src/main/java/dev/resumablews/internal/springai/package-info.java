/**
 * Replies of Spring AI's chat models.
 */
@NullMarked
package dev.resumablews.internal.springai;

import org.jspecify.annotations.NullMarked;
