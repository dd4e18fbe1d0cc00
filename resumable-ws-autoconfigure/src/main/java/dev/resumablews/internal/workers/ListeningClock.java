package dev.resumablews.internal.workers;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * A clock that stands still while this node cannot hear its clients: while no thread of
 * the web server is free to read what they send, and while the JVM or its machine did not
 * run. Silence is measured by it, so that it is not held against clients that were not
 * silent. After such a time it stands still for a moment more, in which what has arrived
 * is read. Safe for use by many threads.
 */
public final class ListeningClock {

	/**
	 * Time between two ticks, and between two looks at all connections.
	 */
	public static final Duration TICK_INTERVAL = Duration.ofMillis(250);

	private static final long RECOVERY = Duration.ofSeconds(1).toNanos();

	private final BooleanSupplier saturated;

	private final long interval;

	/**
	 * Time for which this clock stood still. Written by {@link #tick} alone.
	 */
	private volatile long stoodStill;

	private long lastTick;

	private long deafAt;

	/**
	 * Creates a clock.
	 * @param saturated tells whether all threads of the web server are busy
	 * @param interval time between two ticks
	 * @param now the time, as a {@link System#nanoTime()}
	 */
	public ListeningClock(BooleanSupplier saturated, Duration interval, long now) {
		this.saturated = saturated;
		this.interval = interval.toNanos();
		this.lastTick = now;
		this.deafAt = now - RECOVERY;
	}

	/**
	 * Returns the time.
	 * @return nanoseconds, to be compared with other times of this clock only
	 */
	public long getAsLong() {
		return System.nanoTime() - this.stoodStill;
	}

	/**
	 * Takes notice of the time since the last tick. Called by one thread at a time.
	 * @param now the time, as a {@link System#nanoTime()}
	 */
	@SuppressWarnings("NonAtomicOperationOnVolatileField")
	public void tick(long now) {
		long passed = now - this.lastTick;
		this.lastTick = now;
		if (passed > 2 * this.interval || this.saturated.getAsBoolean()) {
			this.deafAt = now;
		}
		if (now - this.deafAt < RECOVERY) {
			this.stoodStill += passed;
		}
	}

}
