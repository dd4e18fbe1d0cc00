package dev.resumablews.internal.concurrent;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;

/**
 * Runs a step again and again on a thread of the loop's, from {@link #start()} to
 * {@link #stop}. Nothing that a step throws ends the loop: the failure is logged and
 * counted, and the step runs again after a back-off. A loop may be started again after it
 * was stopped. Safe for use by many threads.
 * <ol>
 * <li>A step that has something to wait for waits for it itself, and returns after a
 * bounded time, or when the loop is stopped.
 * <li>{@link #stop} ends the waits of {@link Control#await}, and interrupts the thread
 * only after its timeout, so that a step that is under way may finish.
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
	 * @param activity what the loop does, as the subject of a sentence, for the log
	 * @param backOff delays after failed steps
	 * @param step what it runs
	 */
	public SupervisedLoop(String name, String activity, BackOff backOff, Step step) {
		this.name = name;
		this.step = step;
		this.backOff = backOff;
		this.outages = new OutageLog(activity);
	}

	/**
	 * Starts the loop, unless it runs.
	 */
	public synchronized void start() {
		if (this.run == null) {
			Run run = new Run();
			this.run = run;
			run.thread.start();
		}
	}

	/**
	 * Stops the loop, unless it is stopped.
	 * @param timeout how long a step that is under way may take before it is interrupted
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
	 * Returns what the loop knows of its failures.
	 * @return the log of its outages
	 */
	public OutageLog outages() {
		return this.outages;
	}

	/**
	 * What a loop runs.
	 */
	@FunctionalInterface
	public interface Step {

		/**
		 * Runs one step.
		 * @param control tells when the loop is stopped
		 * @throws Exception if it failed, and the next step is to come after a back-off
		 */
		void run(Control control) throws Exception;

	}

	/**
	 * How a step learns of the loop, and the loop of the step.
	 */
	public interface Control {

		/**
		 * Waits.
		 * @param duration how long
		 * @return whether the loop was stopped
		 * @throws InterruptedException if the loop was stopped and its time is over
		 */
		boolean await(Duration duration) throws InterruptedException;

		/**
		 * Returns whether the loop was stopped.
		 * @return whether to come to an end
		 */
		boolean stopped();

		/**
		 * Notes that the step has succeeded so far, for a step that does not return for a
		 * long time: an outage is over, and the next back-off is the shortest again.
		 */
		void worked();

	}

	/**
	 * The loop from one start to the next stop.
	 */
	private final class Run implements Control {

		private final CountDownLatch stopped = new CountDownLatch(1);

		/**
		 * Failed steps in a row. Used by the loop's thread.
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
		 * An interrupt ends the wait and not the loop; a log that fails does not end it
		 * either.
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
