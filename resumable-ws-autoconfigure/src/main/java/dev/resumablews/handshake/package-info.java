/**
 * Who is it that asks for a WebSocket?
 */
@NullMarked
package dev.resumablews.handshake;

import org.jspecify.annotations.NullMarked;
