package dev.resumablews.connection;

import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import dev.resumablews.log.LiveConnections;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * What is known of the other nodes' connections. Safe for use by many threads.
 */
final class OtherNodes {

	private static final Log logger = LogFactory.getLog(OtherNodes.class);

	/**
	 * The pool may wait much longer for a connection to Postgres than a client waits for
	 * its handshake.
	 */
	private static final Duration TIMEOUT = Duration.ofSeconds(3);

	private final LiveConnections live;

	private final Executor blocking;

	OtherNodes(LiveConnections live, Executor blocking) {
		this.live = live;
		this.blocking = blocking;
	}

	/**
	 * Counts a user's connections to other nodes.
	 * @return the number of connections; 0 if it cannot be told in time
	 */
	int connections(String userId) {
		FutureTask<Integer> count = new FutureTask<>(() -> this.live.countElsewhere(userId));
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

}
