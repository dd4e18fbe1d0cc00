package dev.resumablews.internal.relay;

import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;

import dev.resumablews.internal.concurrent.Threads;

import org.springframework.core.task.SimpleAsyncTaskExecutor;

/**
 * The threads of relays, two per connected relay. Unbounded, because the number of relays
 * is bounded. Safe for use by many threads.
 *
 * @param threads runs the relays
 * @param stop interrupts the threads
 */
record RelayThreads(Executor threads, Runnable stop) implements Executor, AutoCloseable {

	private static final String NAME = "resumable-ws-relay-";

	static RelayThreads platform() {
		ThreadPoolExecutor threads = Threads.pool(NAME);
		return new RelayThreads(threads, threads::shutdownNow);
	}

	static RelayThreads virtual() {
		SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor(NAME);
		threads.setVirtualThreads(true);
		threads.setCancelRemainingTasksOnClose(true);
		return new RelayThreads(threads, threads::close);
	}

	@Override
	public void execute(Runnable task) {
		this.threads.execute(task);
	}

	@Override
	public void close() {
		this.stop.run();
	}

}
