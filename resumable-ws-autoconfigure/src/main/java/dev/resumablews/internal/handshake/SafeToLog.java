package dev.resumablews.internal.handshake;

/**
 * A failure whose text holds nothing that a client has sent, so that it can be logged.
 */
interface SafeToLog {

	/**
	 * Returns what has happened.
	 * @return one sentence
	 */
	String description();

}
