package dev.resumablews.internal.relay;

import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * How far the messages of a relay are forwarded. A message is forwarded when the upstream
 * has answered a ping that was sent after it, and all that the upstream sent before that
 * answer is stored. Safe for use by many threads.
 */
final class Progress {

	private static final int MOST_IN_FLIGHT = 64;

	private static final long MOST_BYTES_IN_FLIGHT = 1024 * 1024;

	/**
	 * The messages that were read and are not known to be forwarded, with their sizes.
	 */
	private final NavigableMap<Long, Long> unconfirmed = new TreeMap<>();

	private long unconfirmedBytes;

	/**
	 * How many messages may be on their way. All of them are sent again when the
	 * connection is lost, so there are fewer while connections do not last.
	 */
	private int window = MOST_IN_FLIGHT;

	/**
	 * The event up to which messages were read.
	 */
	private long position;

	private long forwardedBytes;

	private Mark noted;

	Progress(ClaimedRelay claim) {
		this.position = claim.forwardedId();
		this.forwardedBytes = claim.forwardedBytes();
		this.noted = mark();
	}

	synchronized long position() {
		return this.position;
	}

	/**
	 * Notes that messages were read.
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
	 * Notes that nothing is to be forwarded up to an event.
	 */
	synchronized void advance(long eventId) {
		this.position = Math.max(this.position, eventId);
	}

	/**
	 * Notes that all messages up to an event were forwarded.
	 * @return whether there were any
	 */
	synchronized boolean confirm(long eventId) {
		NavigableMap<Long, Long> confirmed = this.unconfirmed.headMap(eventId, true);
		long bytes = confirmed.values().stream().mapToLong(Long::longValue).sum();
		boolean any = !confirmed.isEmpty();
		this.window = Math.min(MOST_IN_FLIGHT, this.window + confirmed.size());
		confirmed.clear();
		this.unconfirmedBytes -= bytes;
		this.forwardedBytes += bytes;
		return any;
	}

	/**
	 * Goes back to the first message that is not known to be forwarded, as the connection
	 * was lost.
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
	 * Returns how many messages may be read.
	 */
	synchronized int room() {
		return this.window - this.unconfirmed.size();
	}

	/**
	 * Returns how many bytes the messages that are read may have, unless there is only
	 * one.
	 */
	synchronized long roomBytes() {
		return MOST_BYTES_IN_FLIGHT - this.unconfirmedBytes;
	}

	synchronized Mark mark() {
		return new Mark(forwarded(), this.forwardedBytes);
	}

	/**
	 * Returns whether there is progress that Postgres does not know.
	 */
	synchronized boolean isNew() {
		return forwarded() > this.noted.forwarded();
	}

	synchronized void noted(Mark mark) {
		this.noted = mark;
	}

	private long forwarded() {
		return this.unconfirmed.isEmpty() ? this.position : this.unconfirmed.firstKey() - 1;
	}

	/**
	 * How far it is.
	 *
	 * @param forwarded the event up to which all messages are forwarded
	 * @param bytes size of the messages that are forwarded
	 */
	record Mark(long forwarded, long bytes) {

	}

}
