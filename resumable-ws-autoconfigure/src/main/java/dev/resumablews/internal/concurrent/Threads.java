package dev.resumablews.internal.concurrent;

import java.time.Duration;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Factory methods for the library's threads, which are named daemon threads.
 */
public final class Threads {

	private static final long LAST_WAIT_MILLIS = 500;

	private Threads() {
	}

	/**
	 * Returns a factory of daemon threads.
	 * @param name the name of the thread; if it ends with a hyphen, the prefix of
	 * numbered names
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
	 * Returns an unbounded pool that starts a thread only if no thread is idle. With core
	 * threads, a pool would start a thread for each task even if others are idle.
	 * @param name the prefix of the thread names, ending with a hyphen
	 * @return the pool
	 */
	public static ThreadPoolExecutor pool(String name) {
		return new ThreadPoolExecutor(0, Integer.MAX_VALUE, 30, TimeUnit.SECONDS, new SynchronousQueue<>(),
				named(name));
	}

	/**
	 * Waits for a thread to end. Interrupts it after the timeout, and abandons it if it
	 * still does not end.
	 * @param thread the thread
	 * @param timeout time to wait before the interrupt
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
