package dev.resumablews.internal.reply;

import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;

import dev.resumablews.internal.concurrent.FairExecutor;
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

	private static final String ENCODERS = "resumable-ws-reply-encode-";

	private static final String CALLBACKS = "resumable-ws-reply-end-";

	private final Executor generators;

	private final Executor callbacks;

	private final FairExecutor encoders;

	private final Runnable stop;

	private ReplyThreads(Executor generators, Executor callbacks, Executor encoders, Runnable stop) {
		this.generators = generators;
		this.callbacks = callbacks;
		this.encoders = new FairExecutor(encoders, Integer.MAX_VALUE, 1);
		this.stop = stop;
	}

	static ReplyThreads platform() {
		ThreadPoolExecutor generators = Threads.pool(GENERATORS);
		ThreadPoolExecutor callbacks = Threads.pool(CALLBACKS);
		ThreadPoolExecutor encoders = Threads.pool(ENCODERS);
		return new ReplyThreads(generators, callbacks, encoders, () -> {
			generators.shutdownNow();
			encoders.shutdownNow();
			callbacks.shutdown();
		});
	}

	static ReplyThreads virtual() {
		SimpleAsyncTaskExecutor generators = virtual(GENERATORS);
		generators.setCancelRemainingTasksOnClose(true);
		SimpleAsyncTaskExecutor callbacks = virtual(CALLBACKS);
		SimpleAsyncTaskExecutor encoders = virtual(ENCODERS);
		encoders.setCancelRemainingTasksOnClose(true);
		return new ReplyThreads(generators, callbacks, encoders, () -> {
			generators.close();
			encoders.close();
		});
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
	 * Encodes an event of a reply, after those that the reply has stored before. Each
	 * reply has a thread for that when it needs one, so neither its generator nor other
	 * replies wait for the codec.
	 * @param messageId the reply
	 */
	void encode(UUID messageId, Runnable task) {
		this.encoders.execute(messageId.toString(), task);
	}

	/**
	 * Interrupts generators and codecs, and lets callbacks finish.
	 */
	@Override
	public void close() {
		this.stop.run();
	}

	private static SimpleAsyncTaskExecutor virtual(String name) {
		SimpleAsyncTaskExecutor executor = new SimpleAsyncTaskExecutor(name);
		executor.setVirtualThreads(true);
		return executor;
	}

}
