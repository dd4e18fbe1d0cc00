package dev.resumablews.internal.concurrent;

import java.time.Duration;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The library's threads: named daemon threads that do not keep the JVM alive.
 */
public final class Threads {

	private static final long LAST_WAIT_MILLIS = 500;

	private Threads() {
	}

	/**
	 * Returns a factory of daemon threads.
	 * @param name the name of the thread, or the prefix of numbered names if it ends with
	 * a hyphen
	 * @return the factory
	 */
	public static ThreadFactory named(String name) {
		AtomicInteger count = new AtomicInteger();
		return (task) -> {
			Thread thread = new Thread(task, name.endsWith("-") ? name + count.getAndIncrement() : name);
			thread.setDaemon(true);
			return thread;
		};
	}

	/**
	 * Waits for a thread to end. Interrupts it after the timeout, and abandons it if it
	 * does not end then either.
	 * @param thread the thread
	 * @param timeout how long to wait before the interrupt
	 */
	public static void joinOrInterrupt(Thread thread, Duration timeout) {
		try {
			thread.join(Math.max(1, timeout.toMillis()));
			if (thread.isAlive()) {
				thread.interrupt();
				thread.join(LAST_WAIT_MILLIS);
			}
		}
		catch (InterruptedException ex) {
			thread.interrupt();
			Thread.currentThread().interrupt();
		}
	}

}
