/**
 * The library beside Spring Security: lets clients reach the endpoint, runs handlers as
 * the user who sent the message, and ends connections with their login.
 */
@NullMarked
package dev.resumablews.internal.security;

import org.jspecify.annotations.NullMarked;
