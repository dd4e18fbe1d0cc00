package dev.resumablews.internal.concurrent;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * Runs periodic tasks on one thread, from {@link #start()} to {@link #stop()}. A failing
 * task is not cancelled: the failure is logged and counted, and the task runs again at
 * its next time. Tasks must be short. A stopped scheduler can be restarted. Safe for use
 * by many threads.
 */
public final class SupervisedScheduler {

	private final String name;

	private final List<Periodic> periodics = new ArrayList<>();

	private @Nullable ScheduledThreadPoolExecutor executor;

	/**
	 * Creates a scheduler.
	 * @param name the name of its thread
	 */
	public SupervisedScheduler(String name) {
		this.name = name;
	}

	/**
	 * Adds a task that runs periodically while the scheduler is running.
	 * @param interval time from the end of one run to the start of the next
	 * @param activity the activity of the task, as the subject of a sentence, for the log
	 * @param task the task
	 */
	public synchronized void every(Duration interval, String activity, Runnable task) {
		Periodic periodic = new Periodic(interval, new Guarded(new OutageLog(activity), task));
		this.periodics.add(periodic);
		if (this.executor != null) {
			periodic.schedule(this.executor);
		}
	}

	/**
	 * Runs a task once after a delay. Does nothing if the scheduler is not running.
	 * @param delay the delay
	 * @param activity the activity of the task, as the subject of a sentence, for the log
	 * @param task the task
	 */
	public void after(Duration delay, String activity, Runnable task) {
		ScheduledThreadPoolExecutor executor;
		synchronized (this) {
			executor = this.executor;
		}
		if (executor != null) {
			executor.schedule(new Guarded(new OutageLog(activity), task), delay.toNanos(), TimeUnit.NANOSECONDS);
		}
	}

	/**
	 * Returns the outages of the periodic tasks that currently fail.
	 * @return the outages
	 */
	public synchronized List<Outage> outages() {
		return this.periodics.stream()
			.map((periodic) -> periodic.task().outages().outage())
			.filter(Objects::nonNull)
			.toList();
	}

	/**
	 * Starts the scheduler if it is not running.
	 */
	public synchronized void start() {
		if (this.executor == null) {
			ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, Threads.named(this.name),
					new ThreadPoolExecutor.DiscardPolicy());
			executor.setRemoveOnCancelPolicy(true);
			this.periodics.forEach((periodic) -> periodic.schedule(executor));
			this.executor = executor;
		}
	}

	/**
	 * Stops the scheduler if it is running, and interrupts a running task.
	 */
	public synchronized void stop() {
		if (this.executor != null) {
			this.executor.shutdownNow();
			this.executor = null;
		}
	}

	/**
	 * A periodic task.
	 *
	 * @param interval time between two runs
	 * @param task the task
	 */
	private record Periodic(Duration interval, Guarded task) {

		void schedule(ScheduledThreadPoolExecutor executor) {
			executor.scheduleWithFixedDelay(this.task, this.interval.toNanos(), this.interval.toNanos(),
					TimeUnit.NANOSECONDS);
		}

	}

	/**
	 * A task whose failures are caught.
	 *
	 * @param outages logs its failures
	 * @param task the task
	 */
	private record Guarded(OutageLog outages, Runnable task) implements Runnable {

		@Override
		public void run() {
			try {
				this.task.run();
				this.outages.worked();
			}
			catch (Throwable ex) {
				this.outages.failed(ex);
			}
		}

	}

}
