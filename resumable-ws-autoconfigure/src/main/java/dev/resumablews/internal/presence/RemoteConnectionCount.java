package dev.resumablews.internal.presence;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Counts a user's connections to other nodes for a handshake, which blocks a thread of
 * the web server. Therefore only a few handshakes wait at a time, and none do for one
 * second after a timeout. The remaining ones count local connections only. Safe for use
 * by many threads.
 */
public final class RemoteConnectionCount {

	private static final Log logger = LogFactory.getLog(RemoteConnectionCount.class);

	/**
	 * A pool may wait for a database connection much longer than a client waits for its
	 * handshake.
	 */
	private static final Duration TIMEOUT = Duration.ofSeconds(3);

	/**
	 * Maximum number of concurrently waiting handshakes. Far fewer than a web server has
	 * threads.
	 */
	private static final int MAX_WAITING = 4;

	/**
	 * Time without queries after a query found no other node, as in the many applications
	 * with a single node, or after a timeout.
	 */
	private static final Duration PAUSE = Duration.ofSeconds(1);

	private final ConnectionTable table;

	private final Executor executor;

	private final Semaphore waiting = new Semaphore(MAX_WAITING);

	/**
	 * Written by any thread; the order of writes is irrelevant.
	 */
	private volatile long pausedUntil = System.nanoTime();

	/**
	 * Creates a counter.
	 * @param table the connections of all nodes
	 * @param executor runs the queries on threads that may wait for Postgres
	 */
	public RemoteConnectionCount(ConnectionTable table, Executor executor) {
		this.table = table;
		this.executor = executor;
	}

	/**
	 * Returns the number of a user's connections to other nodes. A new node may be
	 * noticed up to one second late.
	 * @param userId the user
	 * @return the number of connections; 0 if they cannot be counted now
	 */
	public int connections(String userId) {
		if (System.nanoTime() - this.pausedUntil < 0 || !this.waiting.tryAcquire()) {
			return 0;
		}
		try {
			return await(new FutureTask<>(() -> count(userId)));
		}
		finally {
			this.waiting.release();
		}
	}

	private int await(FutureTask<Integer> count) {
		this.executor.execute(count);
		try {
			return count.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (ExecutionException | TimeoutException ex) {
			logger.debug("Failed to count a user's connections to other nodes", ex);
			pause();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		count.cancel(false);
		return 0;
	}

	private int count(String userId) {
		OptionalInt count = this.table.countElsewhere(userId);
		if (count.isEmpty()) {
			pause();
		}
		return count.orElse(0);
	}

	private void pause() {
		this.pausedUntil = System.nanoTime() + PAUSE.toNanos();
	}

}
