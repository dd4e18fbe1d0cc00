/**
 * Authentication, origin checks and rate limits of handshakes.
 */
@NullMarked
package dev.resumablews.internal.handshake;

import org.jspecify.annotations.NullMarked;
