package dev.resumablews.internal.dispatch;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Runs tasks one at a time and in order on shared threads. A task that throws does not
 * prevent later tasks from running. Safe for use by many threads.
 */
final class SerialExecutor implements Executor {

	private static final Log logger = LogFactory.getLog(SerialExecutor.class);

	private final Executor threads;

	private final Queue<Runnable> tasks = new ArrayDeque<>(1);

	private boolean paused;

	private boolean running;

	/**
	 * Creates an executor.
	 * @param threads executor of the tasks
	 * @param paused whether tasks are queued until {@link #resume()}
	 */
	SerialExecutor(Executor threads, boolean paused) {
		this.threads = threads;
		this.paused = paused;
	}

	/**
	 * Returns whether no task is queued or running, and the next one would run
	 * immediately.
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
	 * Starts running the queued tasks and further ones.
	 */
	synchronized void resume() {
		this.paused = false;
		schedule();
	}

	/**
	 * If the executor rejects the task, the queue is retried with the next task.
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
			logger.warn("Failed to handle a message", ex);
		}
		finally {
			synchronized (this) {
				this.running = false;
				schedule();
			}
		}
	}

}
