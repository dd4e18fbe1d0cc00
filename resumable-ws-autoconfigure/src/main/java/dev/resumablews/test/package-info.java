/**
 * Support for tests of applications.
 */
@NullMarked
package dev.resumablews.test;

import org.jspecify.annotations.NullMarked;
