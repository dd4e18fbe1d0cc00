/**
 * Messages on the wire, and their JSON.
 */
@NullMarked
package dev.resumablews.internal.protocol;

import org.jspecify.annotations.NullMarked;
