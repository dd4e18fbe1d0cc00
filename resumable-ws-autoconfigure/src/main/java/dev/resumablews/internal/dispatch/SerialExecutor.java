package dev.resumablews.internal.dispatch;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Runs tasks one at a time and in order: those that may block on shared threads, and the
 * others on the thread that adds them, resumes the queue or has run the task before. A
 * task that does not block therefore never waits for a free thread. A task that throws
 * does not prevent later tasks from running. Safe for use by many threads.
 */
final class SerialExecutor {

	private static final Log logger = LogFactory.getLog(SerialExecutor.class);

	private final Executor threads;

	private final Queue<Task> tasks = new ArrayDeque<>(1);

	private boolean paused;

	private boolean running;

	/**
	 * Creates an executor.
	 * @param threads executor of the tasks that may block
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

	/**
	 * Adds a task.
	 * @param task the task
	 * @param mayBlock whether it needs a thread of the executor
	 */
	void execute(Runnable task, boolean mayBlock) {
		synchronized (this) {
			this.tasks.add(new Task(task, mayBlock));
		}
		runQueued();
	}

	/**
	 * Starts running the queued tasks and further ones.
	 */
	void resume() {
		synchronized (this) {
			this.paused = false;
		}
		runQueued();
	}

	/**
	 * Runs tasks up to the first one that may block. If the executor rejects that one,
	 * the queue is retried with the next task.
	 */
	private void runQueued() {
		for (Runnable next = next(); next != null; next = next()) {
			run(next);
		}
	}

	private synchronized @Nullable Runnable next() {
		Task first = (this.paused || this.running) ? null : this.tasks.peek();
		if (first == null) {
			return null;
		}
		if (first.mayBlock()) {
			this.threads.execute(() -> {
				run(first.action());
				runQueued();
			});
		}
		this.tasks.remove();
		this.running = true;
		return first.mayBlock() ? null : first.action();
	}

	private void run(Runnable task) {
		try {
			task.run();
		}
		catch (Throwable ex) {
			logger.warn("Failed to handle a message", ex);
		}
		finally {
			synchronized (this) {
				this.running = false;
			}
		}
	}

	/**
	 * A queued task.
	 *
	 * @param action the task
	 * @param mayBlock whether it needs a thread of the executor
	 */
	private record Task(Runnable action, boolean mayBlock) {

	}

}
