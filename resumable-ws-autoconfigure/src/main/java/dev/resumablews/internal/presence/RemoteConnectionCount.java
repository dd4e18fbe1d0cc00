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
 * Counts a user's connections to the other nodes for a handshake, which waits for it on a
 * thread of the web server. So only a few handshakes wait at a time, and none for a
 * second after Postgres has not answered in time; the others count as if there were no
 * other node. Safe for use by many threads.
 */
public final class RemoteConnectionCount {

	private static final Log logger = LogFactory.getLog(RemoteConnectionCount.class);

	/**
	 * The pool may wait much longer for a connection to Postgres than a client waits for
	 * its handshake.
	 */
	private static final Duration TIMEOUT = Duration.ofSeconds(3);

	/**
	 * Handshakes that wait at the same time. Far fewer than a web server has threads.
	 */
	private static final int MAX_WAITING = 4;

	/**
	 * How long no query is made after no other node had a connection, as most
	 * applications run on one node, or after Postgres has not answered.
	 */
	private static final Duration PAUSE = Duration.ofSeconds(1);

	private final ConnectionTable table;

	private final Executor executor;

	private final Semaphore waiting = new Semaphore(MAX_WAITING);

	/**
	 * Written by any thread; it does not matter which is the last.
	 */
	private volatile long pausedUntil = System.nanoTime();

	/**
	 * Creates a count.
	 * @param table where the connections of all nodes are
	 * @param executor runs the queries, on threads that may wait for Postgres
	 */
	public RemoteConnectionCount(ConnectionTable table, Executor executor) {
		this.table = table;
		this.executor = executor;
	}

	/**
	 * Counts a user's connections to other nodes. The first that there are may be noticed
	 * a second late.
	 * @param userId the user
	 * @return the number of connections; 0 if it cannot be counted now
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
			logger.debug("The connections of a user to other nodes cannot be counted", ex);
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
