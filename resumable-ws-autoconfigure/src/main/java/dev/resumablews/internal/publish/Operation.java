package dev.resumablews.internal.publish;

import java.util.UUID;

import dev.resumablews.internal.log.QueuedAppend;

/**
 * A change to a session as part of a transaction.
 */
sealed interface Operation {

	UUID sessionId();

	/**
	 * Stores an event.
	 *
	 * @param append the event
	 * @param required whether the transaction fails if the session is not open
	 */
	record Append(QueuedAppend append, boolean required) implements Operation {

		@Override
		public UUID sessionId() {
			return this.append.request().sessionId();
		}

	}

	/**
	 * Closes a session. Has no effect if it is already closed.
	 *
	 * @param sessionId the session
	 */
	record Close(UUID sessionId) implements Operation {

	}

}
