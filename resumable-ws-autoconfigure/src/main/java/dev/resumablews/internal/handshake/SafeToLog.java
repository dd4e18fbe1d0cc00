package dev.resumablews.internal.handshake;

/**
 * A failure whose description contains no client input, so that it can be logged.
 */
interface SafeToLog {

	/**
	 * Returns the description of the failure.
	 * @return one sentence
	 */
	String description();

}
