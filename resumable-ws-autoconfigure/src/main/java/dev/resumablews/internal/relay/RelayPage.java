package dev.resumablews.internal.relay;

import java.util.List;
import java.util.UUID;

import dev.resumablews.internal.feed.SessionFeed.Known;

/**
 * Messages to forward, and the state of the log from which they were read.
 *
 * @param owned whether this node still holds the relay
 * @param found number of messages found
 * @param limit maximum number of messages
 * @param messages the messages within the size limit
 * @param log the newest event of the log, and its history
 */
record RelayPage(boolean owned, int found, int limit, List<Message> messages, Known log) {

	/**
	 * Returns the event up to which there is nothing else to forward.
	 */
	long through() {
		if (this.found < this.limit && this.messages.size() == this.found) {
			return this.log.last();
		}
		return this.messages.get(this.messages.size() - 1).id();
	}

	/**
	 * A client message.
	 *
	 * @param id its event
	 * @param key its idempotency key
	 * @param payload its payload as stored
	 * @param bytes its size
	 */
	record Message(long id, UUID key, String payload, long bytes) {

	}

}
