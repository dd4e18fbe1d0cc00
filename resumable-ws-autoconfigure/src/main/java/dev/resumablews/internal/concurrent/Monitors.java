package dev.resumablews.internal.concurrent;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Waits on an object's monitor until a condition holds.
 */
public final class Monitors {

	private static final long SHORTEST_WAIT = TimeUnit.MILLISECONDS.toNanos(1);

	private Monitors() {
	}

	/**
	 * Waits until a condition holds. Requires the object's lock.
	 * @param monitor the object to wait on
	 * @param condition evaluated with the lock held, initially and after each
	 * notification
	 * @param deadline the time to stop waiting, as a {@link System#nanoTime()}
	 * @return whether the condition holds
	 * @throws InterruptedException if the thread was interrupted
	 */
	public static boolean await(Object monitor, BooleanSupplier condition, long deadline) throws InterruptedException {
		boolean holds = condition.getAsBoolean();
		for (long left = deadline - System.nanoTime(); !holds && left > 0; left = deadline - System.nanoTime()) {
			TimeUnit.NANOSECONDS.timedWait(monitor, Math.max(left, SHORTEST_WAIT));
			holds = condition.getAsBoolean();
		}
		return holds;
	}

}
