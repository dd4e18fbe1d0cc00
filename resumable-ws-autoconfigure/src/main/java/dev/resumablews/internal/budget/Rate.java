package dev.resumablews.internal.budget;

import java.util.Locale;

/**
 * What a user may do so often.
 */
public enum Rate {

	/**
	 * Frames, of which a message may have many.
	 */
	FRAMES,

	/**
	 * Messages.
	 */
	MESSAGES,

	/**
	 * Ephemeral messages, which do not count among the others.
	 */
	EPHEMERAL,

	/**
	 * Characters of messages.
	 */
	CHARACTERS,

	/**
	 * Handshakes.
	 */
	HANDSHAKES,

	/**
	 * Requests to send the log again from an event on.
	 */
	RESUMES,

	/**
	 * Messages that ask for a reply.
	 */
	REPLIES,

	/**
	 * Characters of events that are read from the log.
	 */
	REPLAY;

	/**
	 * Returns the name of the limit.
	 * @return the name, as the reason of an event of security
	 */
	public String reason() {
		return name().toLowerCase(Locale.ROOT) + "_rate";
	}

}
