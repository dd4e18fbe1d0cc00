package dev.resumablews.internal.observability;

import dev.resumablews.ResumableWsListener;

/**
 * Listener of the library itself, which is fast and does not call application code. It is
 * called directly on the notifying threads.
 */
interface DirectListener extends ResumableWsListener {

}
