package dev.resumablews.internal.handler;

import dev.resumablews.ClientMessage;

/**
 * Runs around every call of a handler of the application: of client messages, ephemeral
 * messages and user messages. Beans of this type are ordered; the first one is the outer
 * one. Called by many threads at once.
 */
public interface HandlerInterceptor {

	/**
	 * Makes the call.
	 * @param message what the handler is called with
	 * @param call the rest of the call; to be run once, on this thread. What it throws is
	 * to be thrown
	 */
	void intercept(ClientMessage message, Runnable call);

}
