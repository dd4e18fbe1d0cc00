package dev.resumablews.internal.http;

import java.time.Duration;

/**
 * Determines when a long poll ends: as soon as there is content beyond the state of the
 * connection and everything known is sent, or without content after its wait. It has a
 * minimum duration, so that a client with a steady stream of events does not poll
 * continuously, and a maximum length. Written by the connection's loop, read by any
 * thread.
 */
final class LongPoll {

	/**
	 * Minimum duration. Results in half of the handshakes per minute that a user is
	 * allowed by default.
	 */
	private static final Duration MIN_DURATION = Duration.ofMillis(500);

	private static final Duration GRACE = Duration.ofSeconds(5);

	private static final long MAX_CHARACTERS = 1024 * 1024;

	private final long began = System.nanoTime();

	private final Duration wait;

	private volatile long characters;

	private volatile boolean hasContent;

	/**
	 * Creates a poll that starts now.
	 * @param wait maximum time without content
	 */
	LongPoll(Duration wait) {
		this.wait = wait;
	}

	/**
	 * Records data that was sent.
	 * @param length its length
	 * @param content whether it contains more than the state of the connection
	 */
	@SuppressWarnings("NonAtomicOperationOnVolatileField")
	void sent(int length, boolean content) {
		this.characters += length;
		this.hasContent |= content;
	}

	/**
	 * Returns whether the poll is over.
	 * @param idle whether everything known has been sent
	 */
	boolean isOver(boolean idle) {
		if (this.characters == 0) {
			return false;
		}
		Duration passed = Duration.ofNanos(System.nanoTime() - this.began);
		if (!idle) {
			return this.characters >= MAX_CHARACTERS || passed.compareTo(this.wait.plus(GRACE)) >= 0;
		}
		return passed.compareTo(this.wait) >= 0 || this.hasContent && passed.compareTo(MIN_DURATION) >= 0;
	}

}
