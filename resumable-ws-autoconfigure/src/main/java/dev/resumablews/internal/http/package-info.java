/**
 * The road of HTTP requests to the connections: server-sent events, long polls, and
 * requests with messages.
 */
@NullMarked
package dev.resumablews.internal.http;

import org.jspecify.annotations.NullMarked;
