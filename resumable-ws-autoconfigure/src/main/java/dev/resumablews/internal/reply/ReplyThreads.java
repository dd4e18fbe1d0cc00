package dev.resumablews.internal.reply;

import java.util.UUID;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadPoolExecutor;

import dev.resumablews.internal.concurrent.FairExecutor;
import dev.resumablews.internal.concurrent.Threads;

import org.springframework.core.task.SimpleAsyncTaskExecutor;

/**
 * The threads that run application code. Generators and the callbacks that end them use
 * separate threads, so that a hanging generator does not delay a callback. The number of
 * threads is bounded by the number of concurrent replies, so it is not limited here. Safe
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
	 * Runs a callback that ends an activity. It is not delayed by hanging generators.
	 */
	void callBack(Runnable callback) {
		this.callbacks.execute(callback);
	}

	/**
	 * Encodes an event of a reply, after the earlier events of the reply. Each reply uses
	 * a separate thread for this, so neither its generator nor other replies wait for the
	 * codec.
	 * @param messageId the reply
	 */
	void encode(UUID messageId, Runnable task) {
		this.encoders.execute(messageId.toString(), task);
	}

	/**
	 * Interrupts generators and codecs. Callbacks run to completion.
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
