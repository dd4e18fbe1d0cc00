package dev.resumablews.internal.relay;

import java.util.List;
import java.util.UUID;

import dev.resumablews.internal.feed.SessionFeed.Known;

/**
 * Messages to forward, and the state of the log that they were read from.
 *
 * @param owned whether the relay is still this node's
 * @param found how many messages there were
 * @param limit how many were looked for
 * @param messages those that had room
 * @param log the newest event of the log, and its history
 */
record RelayPage(boolean owned, int found, int limit, List<Message> messages, Known log) {

	/**
	 * Returns the event up to which there is nothing more to forward.
	 */
	long through() {
		if (this.found < this.limit && this.messages.size() == this.found) {
			return this.log.last();
		}
		return this.messages.get(this.messages.size() - 1).id();
	}

	/**
	 * A message of a client.
	 *
	 * @param id its event
	 * @param key its idempotency key
	 * @param payload its payload, as it is stored
	 * @param bytes octets of that
	 */
	record Message(long id, UUID key, String payload, long bytes) {

	}

}
