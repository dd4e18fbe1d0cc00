/**
 * Generation of replies with Spring AI.
 */
@NullMarked
package dev.resumablews.internal.springai;

import org.jspecify.annotations.NullMarked;
