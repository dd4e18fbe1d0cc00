package dev.resumablews.internal.handshake;

/**
 * Says whether there is room for one more connection.
 */
@FunctionalInterface
public interface ConnectionLimiter {

	/**
	 * Decides about a connection of a user whose token was verified. May wait for the
	 * database, for a few seconds at most, and only a few threads at a time.
	 * @param userId the user
	 * @return the decision
	 */
	Decision admit(String userId);

	/**
	 * Whether there is room, and why not.
	 */
	enum Decision {

		/**
		 * There is room.
		 */
		ADMITTED,

		/**
		 * The user has too many connections.
		 */
		TOO_MANY_FOR_USER,

		/**
		 * The node has too many connections.
		 */
		FULL,

		/**
		 * The node has too many connections whose session is not open yet.
		 */
		BUSY,

		/**
		 * The node is shutting down.
		 */
		SHUTTING_DOWN

	}

}
