/**
 * Messages of the wire protocol and their JSON.
 */
@NullMarked
package dev.resumablews.internal.protocol;

import org.jspecify.annotations.NullMarked;
