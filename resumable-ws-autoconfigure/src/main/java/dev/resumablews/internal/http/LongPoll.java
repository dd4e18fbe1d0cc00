package dev.resumablews.internal.http;

import java.time.Duration;

/**
 * How much a long poll returns: as soon as there is something beyond where the client
 * stands, all that is known then, or nothing when it has waited for long enough. It lasts
 * for a moment at least, so that a client that is sent something all the time does not
 * poll all the time; and it ends when it has become long, whatever else there is. Written
 * by the connection's loop, read by any thread.
 */
final class LongPoll {

	/**
	 * Leads to half of the handshakes that a user may make in a minute, by default.
	 */
	private static final Duration SHORTEST = Duration.ofMillis(500);

	private static final Duration GRACE = Duration.ofSeconds(5);

	private static final long MOST_CHARACTERS = 1024 * 1024;

	private final long began = System.nanoTime();

	private final Duration wait;

	private volatile long characters;

	private volatile boolean said;

	/**
	 * Creates a poll that begins now.
	 * @param wait how long it waits
	 */
	LongPoll(Duration wait) {
		this.wait = wait;
	}

	/**
	 * Notes what was sent.
	 * @param length its length
	 * @param more whether it is more than where the client stands
	 */
	@SuppressWarnings("NonAtomicOperationOnVolatileField")
	void sent(int length, boolean more) {
		this.characters += length;
		this.said |= more;
	}

	/**
	 * Returns whether it is over.
	 * @param idle whether all that is known has been sent
	 */
	boolean isOver(boolean idle) {
		if (this.characters == 0) {
			return false;
		}
		Duration passed = Duration.ofNanos(System.nanoTime() - this.began);
		if (!idle) {
			return this.characters >= MOST_CHARACTERS || passed.compareTo(this.wait.plus(GRACE)) >= 0;
		}
		return passed.compareTo(this.wait) >= 0 || this.said && passed.compareTo(SHORTEST) >= 0;
	}

}
