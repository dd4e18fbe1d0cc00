package dev.resumablews.internal.workers;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/**
 * A clock that stops while this node cannot receive from its clients: while all threads
 * of the web server are busy, and while the JVM or its machine is suspended. Client
 * timeouts are measured with it, so clients are not considered dead for a stall of the
 * server. After a stall the clock stays stopped for one more second, in which received
 * data is read. Safe for use by many threads.
 */
public final class ListeningClock {

	/**
	 * Interval between two ticks, and between two checks of all connections.
	 */
	public static final Duration TICK_INTERVAL = Duration.ofMillis(250);

	private static final long RECOVERY = Duration.ofSeconds(1).toNanos();

	private final BooleanSupplier saturated;

	private final long interval;

	/**
	 * Total time for which this clock was stopped. Written only by {@link #tick}.
	 */
	private volatile long stopped;

	private long lastTick;

	private long stalledAt;

	/**
	 * Creates a clock.
	 * @param saturated returns whether all threads of the web server are busy
	 * @param interval time between two ticks
	 * @param now the current {@link System#nanoTime()}
	 */
	public ListeningClock(BooleanSupplier saturated, Duration interval, long now) {
		this.saturated = saturated;
		this.interval = interval.toNanos();
		this.lastTick = now;
		this.stalledAt = now - RECOVERY;
	}

	/**
	 * Returns the current time.
	 * @return nanoseconds, comparable only with other times of this clock
	 */
	public long getAsLong() {
		return System.nanoTime() - this.stopped;
	}

	/**
	 * Advances the clock by the time since the last tick. Called by one thread at a time.
	 * @param now the current {@link System#nanoTime()}
	 */
	@SuppressWarnings("NonAtomicOperationOnVolatileField")
	public void tick(long now) {
		long passed = now - this.lastTick;
		this.lastTick = now;
		if (passed > 2 * this.interval || this.saturated.getAsBoolean()) {
			this.stalledAt = now;
		}
		if (now - this.stalledAt < RECOVERY) {
			this.stopped += passed;
		}
	}

}
