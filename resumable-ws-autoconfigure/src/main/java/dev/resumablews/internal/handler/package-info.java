/**
 * Discovery and invocation of the application's message handlers.
 */
@NullMarked
package dev.resumablews.internal.handler;

import org.jspecify.annotations.NullMarked;
