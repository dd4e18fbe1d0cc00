/**
 * Messages on the wire, and their JSON.
 */
@NullMarked
package dev.resumablews.protocol;

import org.jspecify.annotations.NullMarked;
