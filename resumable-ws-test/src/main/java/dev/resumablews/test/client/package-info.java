/**
 * Test support for applications: a WebSocket client that speaks the protocol and checks
 * that the server follows it, assertions, and tokens.
 */
@NullMarked
package dev.resumablews.test.client;

import org.jspecify.annotations.NullMarked;
