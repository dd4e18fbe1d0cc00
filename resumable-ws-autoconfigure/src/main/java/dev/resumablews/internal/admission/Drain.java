package dev.resumablews.internal.admission;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.presence.Presence;
import dev.resumablews.internal.reply.Replies;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Drains the connections of a stopping node:
 * <ol>
 * <li>further handshakes are rejected, and every client is sent a random delay after
 * which to reconnect;
 * <li>running replies have a grace period;
 * <li>queued appends are stored and sent;
 * <li>the connections are closed.
 * </ol>
 */
final class Drain {

	private static final Log logger = LogFactory.getLog(Drain.class);

	/**
	 * Fraction of the time that is reserved for closing.
	 */
	private static final int CLOSING_SHARE = 5;

	private static final Duration PRESENCE_TIMEOUT = Duration.ofMillis(500);

	private final Connections connections;

	private final Replies replies;

	private final EventLog log;

	private final Presence presence;

	private final Executor presenceThreads;

	private final Duration timeout;

	private final Duration replyGrace;

	Drain(Connections connections, Replies replies, EventLog log, Presence presence, Executor presenceThreads,
			Duration timeout, Duration replyGrace) {
		this.connections = connections;
		this.replies = replies;
		this.log = log;
		this.presence = presence;
		this.presenceThreads = presenceThreads;
		this.timeout = timeout;
		this.replyGrace = replyGrace;
	}

	/**
	 * Ends all connections. Blocks for at most the configured time.
	 */
	void run() {
		long end = System.nanoTime() + this.timeout.toNanos();
		long closingBegins = end - this.timeout.toNanos() / CLOSING_SHARE;
		int count = this.connections.all().size();
		this.connections.beginToDrain();
		this.replies.drain(this.replyGrace);
		this.log.flush(Duration.ofNanos(Math.max(0, closingBegins - System.nanoTime())));
		try {
			this.connections.awaitIdle(closingBegins);
			this.connections.closeAll();
			this.connections.awaitNone(end);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			this.connections.closeAll();
		}
		this.connections.all().forEach((connection) -> connection.abandon(CloseCode.RESTART));
		stopPresence();
		if (count > 0) {
			logger.info(
					"%s asked to reconnect".formatted((count == 1) ? "1 connection was" : count + " connections were"));
		}
	}

	/**
	 * Bounded, because Postgres may be unavailable and the pool may wait longer than the
	 * remaining time.
	 */
	private void stopPresence() {
		CompletableFuture<Void> stopped = CompletableFuture.runAsync(this.presence::stop, this.presenceThreads);
		try {
			stopped.get(PRESENCE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (ExecutionException | TimeoutException ex) {
			logger.debug("Failed to delete this node's live connections; they expire after two heartbeats", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
