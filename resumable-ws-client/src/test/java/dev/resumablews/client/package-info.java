/**
 * Runs the client's tests, which are written for Node, and the servers they need.
 */
@NullMarked
package dev.resumablews.client;

import org.jspecify.annotations.NullMarked;
