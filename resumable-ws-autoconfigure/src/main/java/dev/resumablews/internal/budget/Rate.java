package dev.resumablews.internal.budget;

import java.util.Locale;

/**
 * What is rate-limited for each user.
 */
public enum Rate {

	/**
	 * WebSocket frames, of which a message may have several.
	 */
	FRAMES,

	/**
	 * Durable messages.
	 */
	MESSAGES,

	/**
	 * Ephemeral messages, which do not count as {@link #MESSAGES}.
	 */
	EPHEMERAL,

	/**
	 * Characters in messages.
	 */
	CHARACTERS,

	/**
	 * Handshakes of new connections.
	 */
	HANDSHAKES,

	/**
	 * Requests to replay the log from an event.
	 */
	RESUMES,

	/**
	 * Messages that request a reply.
	 */
	REPLIES,

	/**
	 * Characters of events that are read from the log.
	 */
	REPLAY;

	/**
	 * Returns the name of the limit.
	 * @return the name, which is the reason of the security event
	 */
	public String reason() {
		return name().toLowerCase(Locale.ROOT) + "_rate";
	}

}
