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
	 * Decides about a WebSocket whose client has not said who it is, and reserves a place
	 * for it if it is admitted.
	 * @param network what the client's address is counted with
	 * @return the decision
	 */
	default Decision admitUnauthenticated(String network) {
		return Decision.ADMITTED;
	}

	/**
	 * Gives the place back of a WebSocket that was admitted and will not come.
	 * @param network what the client's address is counted with
	 */
	default void cancelUnauthenticated(String network) {
	}

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
		 * The address has too many WebSockets whose clients have not said who they are.
		 */
		TOO_MANY_UNAUTHENTICATED_OF_ADDRESS,

		/**
		 * The node has too many WebSockets whose clients have not said who they are.
		 */
		TOO_MANY_UNAUTHENTICATED,

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
