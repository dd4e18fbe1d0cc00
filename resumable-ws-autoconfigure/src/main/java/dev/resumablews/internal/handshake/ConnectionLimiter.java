package dev.resumablews.internal.handshake;

/**
 * Strategy that admits or rejects further connections.
 */
public interface ConnectionLimiter {

	/**
	 * Admits every connection.
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
	 * Decides whether to admit a connection of an authenticated user, and reserves a
	 * place for an admitted one. May block for the database, for a few seconds at most
	 * and for few threads at a time.
	 * @param userId the user
	 * @return the decision
	 */
	Decision admit(String userId);

	/**
	 * Decides whether to admit messages that are sent without a connection.
	 * @return {@link Decision#ADMITTED} or {@link Decision#SHUTTING_DOWN}
	 */
	default Decision admitMessages() {
		return Decision.ADMITTED;
	}

	/**
	 * Releases the place of an admitted connection that is not opened.
	 * @param userId the user
	 */
	void cancel(String userId);

	/**
	 * Decides whether to admit a WebSocket of an unauthenticated client, and reserves a
	 * place for an admitted one.
	 * @param network the network that the client's address is counted with
	 * @return the decision
	 */
	default Decision admitUnauthenticated(String network) {
		return Decision.ADMITTED;
	}

	/**
	 * Releases the place of an admitted WebSocket that is not opened.
	 * @param network the network that the client's address is counted with
	 */
	default void cancelUnauthenticated(String network) {
	}

	/**
	 * Result of an admission check.
	 */
	enum Decision {

		/**
		 * The connection is admitted.
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
		 * The address has too many unauthenticated WebSockets.
		 */
		TOO_MANY_UNAUTHENTICATED_OF_ADDRESS,

		/**
		 * The node has too many unauthenticated WebSockets.
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
