package dev.resumablews.internal.budget;

import java.util.Locale;

/**
 * What a user may keep at the same time.
 */
public enum Share {

	/**
	 * Messages that wait to be stored or handled.
	 */
	WAITING_MESSAGES,

	/**
	 * Characters of these messages.
	 */
	WAITING_CHARACTERS,

	/**
	 * Characters of control messages that the user's clients have not read yet.
	 */
	UNREAD_CHARACTERS,

	/**
	 * Characters of ephemeral events that the user's clients have not read yet, and of
	 * ephemeral messages that wait to be handled.
	 */
	EPHEMERAL_CHARACTERS;

	/**
	 * Returns the name of the limit.
	 * @return the name, as the reason of an event of security
	 */
	public String reason() {
		return name().toLowerCase(Locale.ROOT);
	}

}
