package dev.resumablews.internal.concurrent;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Waits on an object until something holds that another thread notifies of.
 */
public final class Monitors {

	private static final long SHORTEST_WAIT = TimeUnit.MILLISECONDS.toNanos(1);

	private Monitors() {
	}

	/**
	 * Waits until a condition holds. To be called with the object's lock held.
	 * @param monitor what is waited on
	 * @param condition looked at with the lock held, at first and whenever the object is
	 * notified
	 * @param deadline when to stop waiting, as a {@link System#nanoTime()}
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
