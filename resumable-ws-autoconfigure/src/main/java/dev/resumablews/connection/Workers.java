package dev.resumablews.connection;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import org.springframework.core.task.SimpleAsyncTaskExecutor;

/**
 * The threads that connections run on. A connection has at most one task of each kind
 * waiting, which bounds the queues.
 */
final class Workers implements AutoCloseable {

	private static final int CLOSERS = 4;

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

	private final Executor delivery;

	private final Executor blocking;

	private final Executor closing;

	private final ScheduledExecutorService clock;

	private final Runnable stop;

	private Workers(Executor delivery, Executor blocking, Executor closing, Runnable stop) {
		this.delivery = delivery;
		this.blocking = blocking;
		this.closing = closing;
		this.stop = stop;
		this.clock = Executors.newSingleThreadScheduledExecutor(threads("resumable-ws-clock"));
	}

	/**
	 * Creates platform threads.
	 * @param readers threads that wait for Postgres
	 */
	static Workers platform(int readers) {
		ThreadPoolExecutor delivery = pool("resumable-ws-send-", Runtime.getRuntime().availableProcessors());
		ThreadPoolExecutor blocking = pool("resumable-ws-read-", readers);
		ThreadPoolExecutor closing = pool("resumable-ws-close-", CLOSERS);
		return new Workers(delivery, blocking, closing, () -> {
			delivery.shutdown();
			blocking.shutdownNow();
			closing.shutdown();
			awaitTermination(closing);
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
		return new Workers(threads, blocking, threads, () -> {
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
	 * Runs tasks that wait for Postgres, or for the application.
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

	void every(Duration interval, Consumer<Long> tick) {
		this.clock.scheduleWithFixedDelay(() -> tick.accept(System.nanoTime()), interval.toMillis(),
				interval.toMillis(), TimeUnit.MILLISECONDS);
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
				new LinkedBlockingQueue<>(), threads(name));
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
