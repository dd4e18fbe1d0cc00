package dev.resumablews.internal.reply;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import dev.resumablews.internal.concurrent.Threads;

import org.springframework.core.task.SimpleAsyncTaskExecutor;

/**
 * The threads that code of the application runs on: generators on one kind, and what ends
 * them on another, so that it does not wait for generators that hang. What may run or
 * wait is bounded by the replies that may run at once, so it is not bounded here. Safe
 * for use by many threads.
 */
final class ReplyThreads implements Executor, AutoCloseable {

	private static final String GENERATORS = "resumable-ws-reply-";

	private static final String CALLBACKS = "resumable-ws-reply-end-";

	private final Executor generators;

	private final Executor callbacks;

	private final Runnable stop;

	private ReplyThreads(Executor generators, Executor callbacks, Runnable stop) {
		this.generators = generators;
		this.callbacks = callbacks;
		this.stop = stop;
	}

	static ReplyThreads platform(int max) {
		ThreadPoolExecutor generators = pool(max, GENERATORS);
		ThreadPoolExecutor callbacks = pool(max, CALLBACKS);
		return new ReplyThreads(generators, callbacks, () -> {
			generators.shutdownNow();
			callbacks.shutdown();
		});
	}

	static ReplyThreads virtual() {
		SimpleAsyncTaskExecutor generators = virtual(GENERATORS);
		generators.setCancelRemainingTasksOnClose(true);
		SimpleAsyncTaskExecutor callbacks = virtual(CALLBACKS);
		return new ReplyThreads(generators, callbacks, generators::close);
	}

	@Override
	public void execute(Runnable task) {
		this.generators.execute(task);
	}

	/**
	 * Runs what ends something. It does not wait for generators that hang.
	 */
	void callBack(Runnable callback) {
		this.callbacks.execute(callback);
	}

	/**
	 * Interrupts generators, and lets callbacks finish.
	 */
	@Override
	public void close() {
		this.stop.run();
	}

	private static ThreadPoolExecutor pool(int max, String name) {
		ThreadPoolExecutor pool = new ThreadPoolExecutor(max, max, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(),
				Threads.named(name));
		pool.allowCoreThreadTimeOut(true);
		return pool;
	}

	private static SimpleAsyncTaskExecutor virtual(String name) {
		SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor(name);
		executor.setVirtualThreads(true);
		return executor;
	}

}
