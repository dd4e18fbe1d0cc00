package dev.resumablews.internal.relay;

import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Progress of forwarding a relay's messages. A message counts as forwarded when the
 * upstream has answered a ping sent after it, and everything received before that answer
 * is stored. Safe for use by many threads.
 */
final class Progress {

	private static final int MAX_IN_FLIGHT = 64;

	private static final long MAX_BYTES_IN_FLIGHT = 1024 * 1024;

	/**
	 * Sizes of the messages that were read but are not known to be forwarded, by event.
	 */
	private final NavigableMap<Long, Long> unconfirmed = new TreeMap<>();

	private long unconfirmedBytes;

	/**
	 * Maximum number of messages in flight. They are all sent again after a lost
	 * connection, so the window shrinks while connections are short-lived.
	 */
	private int window = MAX_IN_FLIGHT;

	/**
	 * Event up to which messages were read.
	 */
	private long position;

	private long forwardedBytes;

	private Mark persisted;

	Progress(ClaimedRelay claim) {
		this.position = claim.forwardedId();
		this.forwardedBytes = claim.forwardedBytes();
		this.persisted = mark();
	}

	synchronized long position() {
		return this.position;
	}

	/**
	 * Records messages that were read.
	 * @param page the messages
	 */
	synchronized void read(RelayPage page) {
		page.messages().forEach((message) -> {
			this.unconfirmed.put(message.id(), message.bytes());
			this.unconfirmedBytes += message.bytes();
		});
		advance(page.through());
	}

	/**
	 * Records that there is nothing to forward up to an event.
	 */
	synchronized void advance(long eventId) {
		this.position = Math.max(this.position, eventId);
	}

	/**
	 * Records that all messages up to an event were forwarded.
	 * @return whether there were any
	 */
	synchronized boolean confirm(long eventId) {
		NavigableMap<Long, Long> confirmed = this.unconfirmed.headMap(eventId, true);
		long bytes = confirmed.values().stream().mapToLong(Long::longValue).sum();
		boolean any = !confirmed.isEmpty();
		this.window = Math.min(MAX_IN_FLIGHT, this.window + confirmed.size());
		confirmed.clear();
		this.unconfirmedBytes -= bytes;
		this.forwardedBytes += bytes;
		return any;
	}

	/**
	 * Moves back to the first message that is not known to be forwarded, after a lost
	 * connection.
	 */
	synchronized void rewind() {
		this.position = forwarded();
		if (!this.unconfirmed.isEmpty()) {
			this.window = Math.max(1, Math.min(this.window, this.unconfirmed.size()) / 2);
		}
		this.unconfirmed.clear();
		this.unconfirmedBytes = 0;
	}

	synchronized int unconfirmed() {
		return this.unconfirmed.size();
	}

	/**
	 * Returns how many further messages may be read.
	 */
	synchronized int room() {
		return this.window - this.unconfirmed.size();
	}

	/**
	 * Returns how many further bytes may be read. A single message may exceed this.
	 */
	synchronized long roomBytes() {
		return MAX_BYTES_IN_FLIGHT - this.unconfirmedBytes;
	}

	synchronized Mark mark() {
		return new Mark(forwarded(), this.forwardedBytes);
	}

	/**
	 * Returns whether there is progress that is not stored in Postgres.
	 */
	synchronized boolean isNew() {
		return forwarded() > this.persisted.forwarded();
	}

	synchronized void persisted(Mark mark) {
		this.persisted = mark;
	}

	private long forwarded() {
		return this.unconfirmed.isEmpty() ? this.position : this.unconfirmed.firstKey() - 1;
	}

	/**
	 * A state of progress.
	 *
	 * @param forwarded the event up to which all messages are forwarded
	 * @param bytes total size of the forwarded messages
	 */
	record Mark(long forwarded, long bytes) {

	}

}
