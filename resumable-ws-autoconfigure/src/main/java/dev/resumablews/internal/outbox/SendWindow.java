package dev.resumablews.internal.outbox;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Flow control for one client: bounds the data in flight so that a frame takes about a
 * second on any link, down to 1 kB/s. The container reports a frame as sent once the
 * network buffers have accepted it, which does not measure the link. Therefore pings
 * follow the data, and a pong confirms that the client has received everything before its
 * ping. A ping sent after at least one frame length of data is a probe:
 * <ol>
 * <li>The first frames are short enough that one takes half a heartbeat interval at 1
 * kB/s.
 * <li>A probe is sent when one frame length was sent since the last ping and no probe is
 * unanswered.
 * <li>No further event is sent while four frame lengths are unconfirmed.
 * <li>The pong of a probe measures the throughput of the data it confirms. The frame
 * length becomes the amount transmitted in one second, and at most four times the
 * previous length.
 * </ol>
 * The pong of any other ping, sent as a heartbeat, only confirms.
 * <p>
 * If the client does not answer pings but sends other messages, frames stay short and
 * confirmation is not required. Lengths are in UTF-16 units, as an approximation of
 * bytes. Safe for use by many threads.
 */
public final class SendWindow {

	private static final int MIN_FRAME = 1024;

	private static final int FRAMES_IN_FLIGHT = 4;

	private static final int GROWTH = 4;

	/**
	 * Data that fits into the buffers of any network together with a ping.
	 */
	private static final int ALWAYS_FITS = 1024;

	/**
	 * Slowest supported link: one byte per millisecond.
	 */
	private static final long NANOS_PER_BYTE = TimeUnit.MILLISECONDS.toNanos(1);

	private final long longest;

	private final long initial;

	private long frame;

	private long sent;

	private long confirmed;

	/**
	 * Position that the last ping confirms.
	 */
	private long probed;

	private long probedAt;

	private long number;

	/**
	 * Whether the last ping is unanswered.
	 */
	private boolean awaited;

	/**
	 * Whether the last ping is an unanswered probe.
	 */
	private boolean probing;

	/**
	 * Longest frame since the last pong that exceeded the frame length.
	 */
	private long oversized;

	private boolean unanswered;

	/**
	 * Creates a window.
	 * @param longest maximum length of a frame, unless it holds a single event
	 * @param heartbeat the heartbeat interval
	 */
	public SendWindow(long longest, Duration heartbeat) {
		this.longest = longest;
		this.initial = Math.min(longest, Math.max(MIN_FRAME, heartbeat.toMillis() / 2));
		this.frame = this.initial;
	}

	/**
	 * Returns the maximum length of the next frame.
	 */
	public synchronized long frameLength() {
		return this.frame;
	}

	/**
	 * Returns whether another event may be sent.
	 */
	public synchronized boolean isOpen() {
		return this.unanswered || this.sent - this.confirmed < FRAMES_IN_FLIGHT * this.frame;
	}

	/**
	 * Returns whether a ping is certain to fit into the network buffers. They may hold
	 * all unconfirmed data and be full.
	 */
	public synchronized boolean hasRoomForPing() {
		return this.sent - this.confirmed <= ALWAYS_FITS;
	}

	/**
	 * Returns how much of the unconfirmed data counts as in flight: at most two of the
	 * first frames, unless a single event is longer.
	 */
	public synchronized long inFlight() {
		return Math.min(this.sent - this.confirmed, maxInFlight());
	}

	/**
	 * Records a frame that is being sent.
	 */
	public synchronized void sent(long length) {
		this.sent += length;
		if (length > Math.max(this.frame, this.initial) && length > this.oversized) {
			this.oversized = length;
		}
	}

	/**
	 * Returns whether the next ping is a probe that should be sent now.
	 */
	public synchronized boolean isProbeDue() {
		return !this.probing && !this.unanswered && this.sent - this.probed >= this.frame;
	}

	/**
	 * Records a ping. It is a probe if one is due.
	 * @param now the time
	 * @return the number that its pong carries
	 */
	public synchronized long ping(long now) {
		this.probing = isProbeDue();
		this.awaited = true;
		this.probed = this.sent;
		this.probedAt = now;
		return ++this.number;
	}

	/**
	 * Records a pong.
	 * @param number its number
	 * @param now the time
	 * @return whether it confirmed any data
	 */
	public synchronized boolean pong(long number, long now) {
		if (!this.awaited || number != this.number) {
			return false;
		}
		long length = this.probed - this.confirmed;
		if (this.probing) {
			double seconds = Math.max(1, TimeUnit.NANOSECONDS.toMillis(now - this.probedAt)) / 1000.0;
			long transmitted = (long) Math.min(length / seconds, GROWTH * (double) this.frame);
			this.frame = Math.min(this.longest, Math.max(MIN_FRAME, transmitted));
		}
		this.awaited = false;
		this.probing = false;
		this.confirmed = this.probed;
		this.oversized = 0;
		return length > 0;
	}

	/**
	 * Returns whether the pong of a probe is pending, which explains the client's
	 * silence.
	 */
	public synchronized boolean isProbing() {
		return this.probing;
	}

	/**
	 * Returns whether the pong of a probe is overdue.
	 * @param now the time
	 * @param timeout time allowed in addition to the time of transmission
	 * @return whether it is overdue
	 */
	public synchronized boolean isOverdue(long now, Duration timeout) {
		long inFlight = Math.min(this.probed - this.confirmed, maxInFlight());
		return this.probing && now - this.probedAt > allowance(timeout, inFlight);
	}

	/**
	 * Returns whether a time is later than the last ping.
	 */
	public synchronized boolean isAfterProbe(long time) {
		return time - this.probedAt > 0;
	}

	/**
	 * Stops sending probes, because the client does not answer them.
	 */
	public synchronized void doNotProbe() {
		this.unanswered = true;
		this.probing = false;
		this.frame = Math.min(this.frame, this.initial);
	}

	/**
	 * Returns the time allowed for sending.
	 * @param timeout time allowed in addition to transmission
	 * @param length length of the data
	 * @return the time in nanoseconds
	 */
	public static long allowance(Duration timeout, long length) {
		return timeout.toNanos() + length * NANOS_PER_BYTE;
	}

	private long maxInFlight() {
		return Math.max(2 * this.initial, this.oversized);
	}

}
