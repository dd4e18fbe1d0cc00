/**
 * Public API: the beans that an application can inject, the interfaces that it can
 * implement and the properties that it can set. Does not depend on any other package of
 * the library.
 */
@NullMarked
package dev.resumablews;

import org.jspecify.annotations.NullMarked;
