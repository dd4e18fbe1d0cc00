package dev.resumablews;

import java.util.UUID;

/**
 * There is no such session: it never existed, was closed, was cleaned up, or never had an
 * event and was not used for a day.
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
