/**
 * Integration with Spring Security: permits requests to the endpoint, runs handlers as
 * the sender, and ends connections with their login.
 */
@NullMarked
package dev.resumablews.internal.security;

import org.jspecify.annotations.NullMarked;
