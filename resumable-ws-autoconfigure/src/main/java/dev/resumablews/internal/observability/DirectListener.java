package dev.resumablews.internal.observability;

import dev.resumablews.ResumableWsListener;

/**
 * A listener of the library, which is fast and calls nothing of the application. It is
 * called on the threads that do the work.
 */
interface DirectListener extends ResumableWsListener {

}
