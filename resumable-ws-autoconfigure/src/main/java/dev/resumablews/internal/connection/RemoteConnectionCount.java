package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import dev.resumablews.internal.presence.ConnectionTable;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * What is known of the other nodes' connections. Safe for use by many threads.
 */
final class RemoteConnectionCount {

	private static final Log logger = LogFactory.getLog(RemoteConnectionCount.class);

	/**
	 * The pool may wait much longer for a connection to Postgres than a client waits for
	 * its handshake.
	 */
	private static final Duration TIMEOUT = Duration.ofSeconds(3);

	/**
	 * How long nobody is asked again after no other node had a connection: most
	 * applications run on one node, and need no query for each handshake.
	 */
	private static final Duration ALONE = Duration.ofSeconds(1);

	private final ConnectionTable live;

	private final Executor blocking;

	/**
	 * Written by any thread of {@link #blocking}; it does not matter which is the last.
	 */
	private volatile long aloneUntil = System.nanoTime();

	RemoteConnectionCount(ConnectionTable live, Executor blocking) {
		this.live = live;
		this.blocking = blocking;
	}

	/**
	 * Counts a user's connections to other nodes. The first that there are may be noticed
	 * a second late.
	 * @return the number of connections; 0 if it cannot be told in time
	 */
	int connections(String userId) {
		if (System.nanoTime() - this.aloneUntil < 0) {
			return 0;
		}
		FutureTask<Integer> count = new FutureTask<>(() -> ask(userId));
		this.blocking.execute(count);
		try {
			return count.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (ExecutionException | TimeoutException ex) {
			logger.debug("It cannot be told how many connections a user has to other nodes", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		count.cancel(false);
		return 0;
	}

	private int ask(String userId) {
		OptionalInt count = this.live.countElsewhere(userId);
		if (count.isEmpty()) {
			this.aloneUntil = System.nanoTime() + ALONE.toNanos();
		}
		return count.orElse(0);
	}

}
