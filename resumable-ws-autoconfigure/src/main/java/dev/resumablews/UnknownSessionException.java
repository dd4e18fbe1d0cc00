package dev.resumablews;

import java.util.UUID;

/**
 * Thrown when a session does not exist: it was never opened, was closed or removed, or
 * expired without an event after one day.
 */
public class UnknownSessionException extends RuntimeException {

	private final UUID sessionId;

	public UnknownSessionException(UUID sessionId) {
		super("There is no open session " + sessionId);
		this.sessionId = sessionId;
	}

	/**
	 * Returns the requested session id.
	 * @return the session id
	 */
	public UUID getSessionId() {
		return this.sessionId;
	}

}
