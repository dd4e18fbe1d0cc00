/**
 * HTTP transports: server-sent events, long polls, and requests with messages.
 */
@NullMarked
package dev.resumablews.internal.http;

import org.jspecify.annotations.NullMarked;
