package dev.resumablews.internal.cluster;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * A thread that takes what there is to do, does it, and tries it again after a pause for
 * as long as it fails. What comes within a few milliseconds of the last time is done
 * together, since each time is a round trip or two and a query.
 *
 * @param <T> what there is to do
 */
final class RetryingWorker<T> {

	/**
	 * A doorbell is heard after less than that, which nobody who reads notices.
	 */
	private static final long GATHER_MILLIS = 5;

	private final Source<T> source;

	private final Work<T> work;

	private final OutageLog trouble;

	private final Pause pause = new Pause();

	private final Thread thread;

	RetryingWorker(String name, OutageLog trouble, Source<T> source, Work<T> work) {
		this.source = source;
		this.work = work;
		this.trouble = trouble;
		this.thread = new Thread(this::run, name);
		this.thread.setDaemon(true);
	}

	void start() {
		this.thread.start();
	}

	/**
	 * Ends the thread, whose source must have ended. What is being done gets some time,
	 * and what has failed is not tried again.
	 */
	void stop(Duration timeout) {
		this.pause.end();
		Stopping.join(this.thread, timeout);
	}

	private void run() {
		try {
			for (T next = this.source.take(); next != null; next = this.source.take()) {
				for (int attempts = 1; !attempt(next); attempts++) {
					if (!this.pause.await(attempts)) {
						return;
					}
				}
				this.pause.rest(GATHER_MILLIS);
			}
		}
		catch (InterruptedException ex) {
			// stopped, and out of time
		}
	}

	private boolean attempt(T next) throws InterruptedException {
		try {
			this.work.perform(next);
			this.trouble.worked();
			return true;
		}
		catch (InterruptedException ex) {
			throw ex;
		}
		catch (Exception ex) {
			this.trouble.failed(ex);
			return false;
		}
	}

	/**
	 * Where there is something to do.
	 *
	 * @param <T> what there is to do
	 */
	@FunctionalInterface
	interface Source<T> {

		/**
		 * Waits for something to do.
		 * @return all there is to do, or null if there will be nothing any more
		 */
		@Nullable T take() throws InterruptedException;

	}

	/**
	 * How it is done.
	 *
	 * @param <T> what there is to do
	 */
	@FunctionalInterface
	interface Work<T> {

		/**
		 * Does it, also if it was partly done before.
		 */
		void perform(T next) throws Exception;

	}

}
