package dev.resumablews.internal.publish;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.concurrent.Threads;

/**
 * Completes the futures returned to applications. Dependent stages are application code
 * that may block, so they never run on a thread that writes the log. Safe for use by many
 * threads.
 */
final class FutureCompleter implements AutoCloseable {

	private static final int THREADS = 8;

	private static final Duration IDLE_THREAD = Duration.ofSeconds(10);

	/**
	 * Larger than the default limit of queued appends, so only slow callbacks can reach
	 * it.
	 */
	private static final int MAX_OPEN = 100_000;

	private final ThreadPoolExecutor executor = new ThreadPoolExecutor(THREADS, THREADS, IDLE_THREAD.toMillis(),
			TimeUnit.MILLISECONDS, new LinkedBlockingQueue<>(), Threads.named("resumable-ws-callbacks-"));

	private final AtomicInteger open = new AtomicInteger();

	FutureCompleter() {
		this.executor.allowCoreThreadTimeOut(true);
	}

	/**
	 * Returns a future for the application.
	 * @param start starts the operation
	 * @param result converts the operation's result
	 * @return the future; fails with {@link EventLogUnavailableException} when too many
	 * operations wait for callbacks of the application
	 */
	<T, R> CompletableFuture<R> complete(Supplier<CompletableFuture<T>> start, Function<T, R> result) {
		if (this.open.incrementAndGet() > MAX_OPEN) {
			this.open.decrementAndGet();
			return CompletableFuture.failedFuture(new EventLogUnavailableException(
					"%d events are waiting for callbacks of the application".formatted(MAX_OPEN)));
		}
		CompletableFuture<R> future = new CompletableFuture<>();
		start.get().whenComplete((value, failure) -> execute(() -> {
			this.open.decrementAndGet();
			if (failure != null) {
				future.completeExceptionally(failure);
			}
			else {
				future.complete(result.apply(value));
			}
		}));
		return future;
	}

	/**
	 * Completes the remaining futures. Later ones are completed by the common pool.
	 */
	@Override
	public void close() {
		this.executor.shutdown();
	}

	private void execute(Runnable task) {
		try {
			this.executor.execute(task);
		}
		catch (RejectedExecutionException ex) {
			ForkJoinPool.commonPool().execute(task);
		}
	}

}
