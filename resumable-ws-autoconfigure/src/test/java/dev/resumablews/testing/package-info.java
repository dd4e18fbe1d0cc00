/**
 * Support for tests of the library: servers and proxies that misbehave on demand, test
 * clients, and tokens.
 */
@NullMarked
package dev.resumablews.testing;

import org.jspecify.annotations.NullMarked;
