package dev.resumablews.log;

import java.util.UUID;

/**
 * Is told that a session was closed on this node.
 */
@FunctionalInterface
public interface SessionClosedListener {

	/**
	 * A session was closed.
	 * @param sessionId the session
	 */
	void onSessionClosed(UUID sessionId);

}
