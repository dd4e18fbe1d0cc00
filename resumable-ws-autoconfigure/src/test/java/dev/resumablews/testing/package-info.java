/**
 * What tests of this library, and of applications that use it, are made of: servers that
 * misbehave on demand, clients that notice, and tokens.
 */
@NullMarked
package dev.resumablews.testing;

import org.jspecify.annotations.NullMarked;
