package dev.resumablews.internal.dispatch;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Runs tasks one after the other, in order, on threads that others use, too. Nothing that
 * a task throws keeps those after it from being run. Safe for use by many threads.
 */
final class SerialExecutor implements Executor {

	private static final Log logger = LogFactory.getLog(SerialExecutor.class);

	private final Executor threads;

	private final Queue<Runnable> tasks = new ArrayDeque<>(1);

	private boolean paused;

	private boolean running;

	/**
	 * Creates an executor.
	 * @param threads run the tasks
	 * @param paused whether tasks wait for {@link #resume()}
	 */
	SerialExecutor(Executor threads, boolean paused) {
		this.threads = threads;
		this.paused = paused;
	}

	/**
	 * Returns whether no task waits or runs, and the next one would be run at once.
	 */
	synchronized boolean isIdle() {
		return !this.paused && !this.running && this.tasks.isEmpty();
	}

	@Override
	public synchronized void execute(Runnable task) {
		this.tasks.add(task);
		schedule();
	}

	/**
	 * Runs the tasks that wait, and those that come.
	 */
	synchronized void resume() {
		this.paused = false;
		schedule();
	}

	/**
	 * If no thread can be had, the tasks wait for the next one.
	 */
	private synchronized void schedule() {
		if (!this.paused && !this.running && !this.tasks.isEmpty()) {
			this.threads.execute(this::runNext);
			this.running = true;
		}
	}

	private void runNext() {
		Runnable task;
		synchronized (this) {
			task = this.tasks.remove();
		}
		try {
			task.run();
		}
		catch (Throwable ex) {
			logger.warn("A message could not be handled", ex);
		}
		finally {
			synchronized (this) {
				this.running = false;
				schedule();
			}
		}
	}

}
