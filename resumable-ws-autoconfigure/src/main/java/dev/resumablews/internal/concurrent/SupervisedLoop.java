package dev.resumablews.internal.concurrent;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * Runs a step repeatedly on a dedicated thread, from {@link #start()} to {@link #stop}. A
 * failing step does not end the loop: the failure is logged and counted, and the step
 * runs again after a back-off. A stopped loop can be restarted. Safe for use by many
 * threads.
 * <ol>
 * <li>A step does its own waiting, and returns after a bounded time or when the loop is
 * stopped.
 * <li>{@link #stop} ends the waits of {@link Control#await}. It interrupts the thread
 * only after its timeout, so that a running step can finish.
 * </ol>
 */
public final class SupervisedLoop {

	private final String name;

	private final Step step;

	private final BackOff backOff;

	private final OutageLog outages;

	private @Nullable Run run;

	/**
	 * Creates a loop.
	 * @param name the name of its thread
	 * @param activity the activity of the loop, as the subject of a sentence, for the log
	 * @param backOff delays after failed steps
	 * @param step the step to run
	 */
	public SupervisedLoop(String name, String activity, BackOff backOff, Step step) {
		this.name = name;
		this.step = step;
		this.backOff = backOff;
		this.outages = new OutageLog(activity);
	}

	/**
	 * Starts the loop if it is not running.
	 */
	public synchronized void start() {
		if (this.run == null) {
			Run run = new Run();
			this.run = run;
			run.thread.start();
		}
	}

	/**
	 * Stops the loop if it is running.
	 * @param timeout time that a running step may take before it is interrupted
	 */
	public void stop(Duration timeout) {
		Run run;
		synchronized (this) {
			run = this.run;
			this.run = null;
		}
		if (run != null) {
			run.stopped.countDown();
			Threads.joinOrInterrupt(run.thread, timeout);
		}
	}

	/**
	 * Returns the failures of the loop.
	 * @return the log of its outages
	 */
	public OutageLog outages() {
		return this.outages;
	}

	/**
	 * Strategy that a loop runs repeatedly.
	 */
	@FunctionalInterface
	public interface Step {

		/**
		 * Runs one step.
		 * @param control access to the loop
		 * @throws Exception if the step failed and must be retried after a back-off
		 */
		void run(Control control) throws Exception;

	}

	/**
	 * A step's access to its loop.
	 */
	public interface Control {

		/**
		 * Waits for a duration or until the loop is stopped.
		 * @param duration the maximum time to wait
		 * @return whether the loop was stopped
		 * @throws InterruptedException if the stop timeout has expired
		 */
		boolean await(Duration duration) throws InterruptedException;

		/**
		 * Returns whether the loop was stopped.
		 * @return whether the step must finish
		 */
		boolean stopped();

		/**
		 * Records that the step has succeeded so far. Long-running steps call this to end
		 * an outage and to reset the back-off.
		 */
		void worked();

	}

	/**
	 * One run of the loop, from a start to the next stop.
	 */
	private final class Run implements Control {

		private final CountDownLatch stopped = new CountDownLatch(1);

		/**
		 * Consecutive failed steps. Accessed by the loop's thread only.
		 */
		private int failures;

		private final Thread thread = Threads.named(SupervisedLoop.this.name).newThread(this::loop);

		@Override
		public boolean await(Duration duration) throws InterruptedException {
			return this.stopped.await(duration.toNanos(), TimeUnit.NANOSECONDS);
		}

		@Override
		public boolean stopped() {
			return this.stopped.getCount() == 0;
		}

		@Override
		public void worked() {
			this.failures = 0;
			SupervisedLoop.this.outages.worked();
		}

		private void loop() {
			while (!stopped()) {
				try {
					SupervisedLoop.this.step.run(this);
					worked();
				}
				catch (Throwable ex) {
					if (!stopped()) {
						failed(ex);
					}
				}
			}
		}

		/**
		 * Handles a failed step. An interrupt ends only the wait; a failing logger does
		 * not end the loop either.
		 */
		private void failed(Throwable failure) {
			try {
				this.failures++;
				SupervisedLoop.this.outages.failed(failure);
				await(SupervisedLoop.this.backOff.delay(this.failures));
			}
			catch (Throwable ex) {
				Thread.onSpinWait();
			}
		}

	}

}
