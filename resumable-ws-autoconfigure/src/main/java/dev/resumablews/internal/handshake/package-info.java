/**
 * Who is it that asks for a WebSocket?
 */
@NullMarked
package dev.resumablews.internal.handshake;

import org.jspecify.annotations.NullMarked;
