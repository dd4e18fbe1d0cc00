package dev.resumablews;

import java.util.UUID;

/**
 * There is no such session: it never existed, was closed, or was cleaned up.
 */
public class UnknownSessionException extends RuntimeException {

	private final UUID sessionId;

	public UnknownSessionException(UUID sessionId) {
		super("There is no open session " + sessionId);
		this.sessionId = sessionId;
	}

	/**
	 * Returns the id that no open session has.
	 * @return the session id
	 */
	public UUID getSessionId() {
		return this.sessionId;
	}

}
