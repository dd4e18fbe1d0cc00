/**
 * The application's side of the log: publishing, also within transactions, and handling a
 * message once.
 */
@NullMarked
package dev.resumablews.internal.publish;

import org.jspecify.annotations.NullMarked;
