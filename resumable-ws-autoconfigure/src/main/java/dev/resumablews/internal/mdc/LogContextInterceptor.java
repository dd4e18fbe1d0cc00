package dev.resumablews.internal.mdc;

import dev.resumablews.ClientMessage;
import dev.resumablews.internal.handler.HandlerInterceptor;
import dev.resumablews.internal.observation.LogContext;

/**
 * Names the session and the connection of what handlers log. Immutable.
 */
final class LogContextInterceptor implements HandlerInterceptor {

	@Override
	public void intercept(ClientMessage message, Runnable call) {
		LogContext.run(message.sessionId(), message.connectionId(), call);
	}

}
