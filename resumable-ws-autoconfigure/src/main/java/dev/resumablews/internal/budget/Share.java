package dev.resumablews.internal.budget;

import java.util.Locale;

/**
 * What is limited in total for each user at any time.
 */
public enum Share {

	/**
	 * Messages waiting to be stored or handled.
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
	 * ephemeral messages waiting to be handled.
	 */
	EPHEMERAL_CHARACTERS;

	/**
	 * Returns the name of the limit.
	 * @return the name, which is the reason of the security event
	 */
	public String reason() {
		return name().toLowerCase(Locale.ROOT);
	}

}
