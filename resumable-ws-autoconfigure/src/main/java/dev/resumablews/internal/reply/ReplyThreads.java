package dev.resumablews.internal.reply;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * The threads that generators are called on. What may run or wait is bounded by the
 * replies that may run at once, so it is not bounded here.
 */
final class ReplyThreads implements Executor, AutoCloseable {

	private static final String PREFIX = "resumable-ws-reply-";

	private final Executor executor;

	private final Runnable stop;

	private ReplyThreads(Executor executor, Runnable stop) {
		this.executor = executor;
		this.stop = stop;
	}

	static ReplyThreads platform(int max) {
		CustomizableThreadFactory factory = new CustomizableThreadFactory(PREFIX);
		factory.setDaemon(true);
		ThreadPoolExecutor executor = new ThreadPoolExecutor(max, max, 30, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(), factory);
		executor.allowCoreThreadTimeOut(true);
		return new ReplyThreads(executor, executor::shutdownNow);
	}

	static ReplyThreads virtual() {
		SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor(PREFIX);
		executor.setVirtualThreads(true);
		executor.setCancelRemainingTasksOnClose(true);
		return new ReplyThreads(executor, executor::close);
	}

	@Override
	public void execute(Runnable task) {
		this.executor.execute(task);
	}

	@Override
	public void close() {
		this.stop.run();
	}

}
