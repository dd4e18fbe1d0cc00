package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.core.task.TaskRejectedException;

/**
 * The threads that connections run on. A connection has at most one task of each kind
 * waiting, which bounds the queues; what the application still has to handle is bounded
 * by the rate at which clients may send. Once closed, tasks are discarded: there is
 * nothing left that they could do.
 */
final class Workers implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(Workers.class);

	private static final int CLOSERS = 4;

	private static final int HANDLERS = 16;

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

	private final Executor delivery;

	private final Executor blocking;

	private final Executor closing;

	private final Executor handling;

	private final ScheduledThreadPoolExecutor clock;

	private final Runnable stop;

	private Workers(Executor delivery, Executor blocking, Executor closing, Executor handling, Runnable stop) {
		this.delivery = delivery;
		this.blocking = blocking;
		this.closing = closing;
		this.handling = handling;
		this.stop = stop;
		this.clock = new ScheduledThreadPoolExecutor(1, threads("resumable-ws-clock"),
				new ThreadPoolExecutor.DiscardPolicy());
	}

	/**
	 * Creates platform threads.
	 * @param readers threads that wait for Postgres
	 */
	static Workers platform(int readers) {
		ThreadPoolExecutor delivery = pool("resumable-ws-send-", Runtime.getRuntime().availableProcessors());
		ThreadPoolExecutor blocking = pool("resumable-ws-read-", readers);
		ThreadPoolExecutor closing = pool("resumable-ws-close-", CLOSERS);
		ThreadPoolExecutor handling = pool("resumable-ws-handle-", HANDLERS);
		return new Workers(delivery, blocking, closing, handling, () -> {
			delivery.shutdown();
			blocking.shutdownNow();
			handling.shutdown();
			closing.shutdown();
			awaitTermination(closing);
			awaitTermination(handling);
		});
	}

	/**
	 * Creates a virtual thread for each task. Only those that wait for Postgres are
	 * limited in number, because each takes a connection from the pool.
	 * @param readers threads that wait for Postgres
	 */
	static Workers virtual(int readers) {
		SimpleAsyncTaskExecutor threads = new SimpleAsyncTaskExecutor("resumable-ws-");
		threads.setVirtualThreads(true);
		ThreadPoolExecutor blocking = pool("resumable-ws-read-", readers);
		Executor whileOpen = (task) -> {
			try {
				threads.execute(task);
			}
			catch (TaskRejectedException ex) {
				logger.debug("A task came after the end", ex);
			}
		};
		return new Workers(whileOpen, blocking, whileOpen, whileOpen, () -> {
			blocking.shutdownNow();
			threads.close();
		});
	}

	/**
	 * Runs tasks that never wait.
	 */
	Executor delivery() {
		return this.delivery;
	}

	/**
	 * Runs tasks that wait for Postgres.
	 */
	Executor blocking() {
		return this.blocking;
	}

	/**
	 * Runs tasks that close WebSockets, which may wait for a slow client.
	 */
	Executor closing() {
		return this.closing;
	}

	/**
	 * Runs the application's handlers, which may take as long as they want.
	 */
	Executor handling() {
		return this.handling;
	}

	/**
	 * Does something again and again, also after it has failed.
	 */
	void every(Duration interval, Consumer<Long> tick) {
		this.clock.scheduleWithFixedDelay(() -> {
			try {
				tick.accept(System.nanoTime());
			}
			catch (RuntimeException ex) {
				logger.warn("A periodic task has failed", ex);
			}
		}, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
	}

	void later(Duration delay, Runnable task) {
		this.clock.schedule(task, delay.toMillis(), TimeUnit.MILLISECONDS);
	}

	@Override
	public void close() {
		this.clock.shutdownNow();
		this.stop.run();
	}

	private static void awaitTermination(ThreadPoolExecutor executor) {
		try {
			executor.awaitTermination(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static ThreadPoolExecutor pool(String name, int size) {
		ThreadPoolExecutor executor = new ThreadPoolExecutor(size, size, 30, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(), threads(name), new ThreadPoolExecutor.DiscardPolicy());
		executor.allowCoreThreadTimeOut(true);
		return executor;
	}

	private static ThreadFactory threads(String name) {
		AtomicInteger count = new AtomicInteger();
		return (task) -> {
			Thread thread = new Thread(task, name.endsWith("-") ? name + count.getAndIncrement() : name);
			thread.setDaemon(true);
			return thread;
		};
	}

}
