package dev.resumablews.internal.cleanup;

import dev.resumablews.internal.concurrent.Threads;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;
import org.springframework.scheduling.Trigger;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/**
 * Schedules the cleanup on a dedicated thread while the application is running. Safe for
 * use by many threads.
 */
final class CleanupSchedule implements SmartLifecycle {

	private static final int SECONDS_TO_STOP = 5;

	private final Runnable cleanup;

	private final Trigger trigger;

	private @Nullable ThreadPoolTaskScheduler scheduler;

	CleanupSchedule(Runnable cleanup, Trigger trigger) {
		this.cleanup = cleanup;
		this.trigger = trigger;
	}

	@Override
	public synchronized void start() {
		if (this.scheduler == null) {
			this.scheduler = scheduler();
			this.scheduler.schedule(this.cleanup, this.trigger);
		}
	}

	/**
	 * Stops the schedule, and interrupts a running cleanup, which then ends after its
	 * current transaction.
	 */
	@Override
	public synchronized void stop() {
		if (this.scheduler != null) {
			this.scheduler.shutdown();
			this.scheduler = null;
		}
	}

	@Override
	public synchronized boolean isRunning() {
		return this.scheduler != null;
	}

	private static ThreadPoolTaskScheduler scheduler() {
		ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
		scheduler.setThreadFactory(Threads.named("resumable-ws-cleanup"));
		scheduler.setAwaitTerminationSeconds(SECONDS_TO_STOP);
		scheduler.initialize();
		return scheduler;
	}

}
