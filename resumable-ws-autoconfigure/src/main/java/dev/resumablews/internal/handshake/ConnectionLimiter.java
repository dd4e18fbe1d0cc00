package dev.resumablews.internal.handshake;

/**
 * Says whether there is room for one more connection.
 */
public interface ConnectionLimiter {

	/**
	 * Admits everybody.
	 */
	ConnectionLimiter NONE = new ConnectionLimiter() {

		@Override
		public Decision admit(String userId) {
			return Decision.ADMITTED;
		}

		@Override
		public void cancel(String userId) {
		}

	};

	/**
	 * Decides about a connection of a user whose token was verified, and reserves a place
	 * for it if it is admitted. May wait for the database, for a few seconds at most, and
	 * only a few threads at a time.
	 * @param userId the user
	 * @return the decision
	 */
	Decision admit(String userId);

	/**
	 * Decides about messages that come without a connection.
	 * @return {@link Decision#ADMITTED} or {@link Decision#SHUTTING_DOWN}
	 */
	default Decision admitMessages() {
		return Decision.ADMITTED;
	}

	/**
	 * Gives the place back of a connection that was admitted and will not come.
	 * @param userId the user
	 */
	void cancel(String userId);

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
		 * The user has made too many handshakes.
		 */
		TOO_OFTEN_FOR_USER,

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
