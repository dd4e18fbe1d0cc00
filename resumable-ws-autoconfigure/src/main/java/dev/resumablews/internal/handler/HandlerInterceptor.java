package dev.resumablews.internal.handler;

import dev.resumablews.ClientMessage;

/**
 * Intercepts every call of an application's handler for client, ephemeral and user
 * messages. Beans are ordered; the first one is the outermost. Implementations must be
 * thread-safe.
 */
public interface HandlerInterceptor {

	/**
	 * Intercepts a call.
	 * @param message the message
	 * @param call the rest of the chain; must be run exactly once, on this thread, and
	 * its exceptions must be rethrown
	 */
	void intercept(ClientMessage message, Runnable call);

}
