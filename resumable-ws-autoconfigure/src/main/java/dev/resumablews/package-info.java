/**
 * What an application may touch: the beans it can inject, the interfaces it can implement
 * and the properties it can set. Depends on no other package of this library.
 */
@NullMarked
package dev.resumablews;

import org.jspecify.annotations.NullMarked;
