package dev.resumablews.internal.outbox;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Bounds what is on its way to a client, so that a frame takes about a second on whatever
 * link, down to 1 kB/s. A frame is sent, as far as the container can tell, when the
 * buffers of the network have taken it, which says nothing about the link. So a ping
 * follows what was sent, and its pong confirms that the client has it. A ping that
 * follows a frame's length or more is a probe:
 * <ol>
 * <li>The first frames are so short that one takes half a heartbeat interval at 1 kB/s.
 * <li>Once a frame's length was sent since the last ping, and no probe is unanswered, the
 * next probe is sent.
 * <li>No further event is sent while four frames' lengths are not confirmed.
 * <li>The pong of a probe tells how fast what it confirms was transmitted. Frames are
 * then as long as what is transmitted in a second, but no longer than four times the
 * length before.
 * </ol>
 * The pong of any other ping, sent as a heartbeat, only confirms.
 * <p>
 * If the client does not answer pings, though it says other things, frames stay short and
 * nothing is confirmed. Lengths are in UTF-16 units, and taken for bytes. Safe for use by
 * many threads.
 */
public final class SendWindow {

	private static final int SHORTEST_FRAME = 1024;

	private static final int FRAMES_ON_THE_WAY = 4;

	private static final int GROWTH = 4;

	/**
	 * What the buffers of any network hold, and a ping in addition.
	 */
	private static final int SURE_TO_FIT = 1024;

	/**
	 * The slowest link that is served: one byte a millisecond.
	 */
	private static final long NANOS_PER_BYTE = TimeUnit.MILLISECONDS.toNanos(1);

	private final long longest;

	private final long initial;

	private long frame;

	private long sent;

	private long confirmed;

	/**
	 * What the last ping confirms.
	 */
	private long probed;

	private long probedAt;

	private long number;

	/**
	 * Whether the last ping is unanswered.
	 */
	private boolean awaited;

	/**
	 * Whether the last ping is a probe, and unanswered.
	 */
	private boolean probing;

	/**
	 * The longest frame since the last pong that is longer than frames should be.
	 */
	private long oversized;

	private boolean unanswered;

	/**
	 * Creates a window.
	 * @param longest length of the longest frame, unless it holds a single event
	 * @param heartbeat the heartbeat interval
	 */
	public SendWindow(long longest, Duration heartbeat) {
		this.longest = longest;
		this.initial = Math.min(longest, Math.max(SHORTEST_FRAME, heartbeat.toMillis() / 2));
		this.frame = this.initial;
	}

	/**
	 * Returns how long the next frame may be.
	 */
	public synchronized long frameLength() {
		return this.frame;
	}

	/**
	 * Returns whether another event may be sent.
	 */
	public synchronized boolean isOpen() {
		return this.unanswered || this.sent - this.confirmed < FRAMES_ON_THE_WAY * this.frame;
	}

	/**
	 * Returns whether a ping is sure to find room in the buffers of the network. They may
	 * have taken everything that is not confirmed, and be full.
	 */
	public synchronized boolean hasRoomForPing() {
		return this.sent - this.confirmed <= SURE_TO_FIT;
	}

	/**
	 * Returns how much of what is not confirmed counts as being transmitted. That is no
	 * more than two of the first frames, unless a single event is longer.
	 */
	public synchronized long onTheWay() {
		return Math.min(this.sent - this.confirmed, longestOnTheWay());
	}

	/**
	 * Notes a frame that is being sent.
	 */
	public synchronized void sent(long length) {
		this.sent += length;
		if (length > Math.max(this.frame, this.initial) && length > this.oversized) {
			this.oversized = length;
		}
	}

	/**
	 * Returns whether a probe is to be sent.
	 */
	public synchronized boolean isProbeDue() {
		return !this.probing && !this.unanswered && this.sent - this.probed >= this.frame;
	}

	/**
	 * Notes a ping. It is a probe if one is due.
	 * @param now the time
	 * @return the number that its pong has
	 */
	public synchronized long ping(long now) {
		this.probing = isProbeDue();
		this.awaited = true;
		this.probed = this.sent;
		this.probedAt = now;
		return ++this.number;
	}

	/**
	 * Notes a pong.
	 * @param number its number
	 * @param now the time
	 * @return whether it confirmed something
	 */
	public synchronized boolean pong(long number, long now) {
		if (!this.awaited || number != this.number) {
			return false;
		}
		long length = this.probed - this.confirmed;
		if (this.probing) {
			double seconds = Math.max(1, TimeUnit.NANOSECONDS.toMillis(now - this.probedAt)) / 1000.0;
			long transmitted = (long) Math.min(length / seconds, GROWTH * (double) this.frame);
			this.frame = Math.min(this.longest, Math.max(SHORTEST_FRAME, transmitted));
		}
		this.awaited = false;
		this.probing = false;
		this.confirmed = this.probed;
		this.oversized = 0;
		return length > 0;
	}

	/**
	 * Returns whether the pong of a probe is awaited, so that the client has not been
	 * silent without a reason.
	 */
	public synchronized boolean isProbing() {
		return this.probing;
	}

	/**
	 * Returns whether the pong of a probe is overdue.
	 * @param now the time
	 * @param timeout how long it may take in addition to the time of transmission
	 * @return whether it is overdue
	 */
	public synchronized boolean isOverdue(long now, Duration timeout) {
		long onTheWay = Math.min(this.probed - this.confirmed, longestOnTheWay());
		return this.probing && now - this.probedAt > allowance(timeout, onTheWay);
	}

	/**
	 * Returns whether a time is after that of the last ping.
	 */
	public synchronized boolean isAfterProbe(long time) {
		return time - this.probedAt > 0;
	}

	/**
	 * Sends no further probes, as the client does not answer them.
	 */
	public synchronized void doNotProbe() {
		this.unanswered = true;
		this.probing = false;
		this.frame = Math.min(this.frame, this.initial);
	}

	/**
	 * Returns how long sending may take.
	 * @param timeout the time without transmission
	 * @param length how much is sent
	 * @return the time in nanoseconds
	 */
	public static long allowance(Duration timeout, long length) {
		return timeout.toNanos() + length * NANOS_PER_BYTE;
	}

	private long longestOnTheWay() {
		return Math.max(2 * this.initial, this.oversized);
	}

}
