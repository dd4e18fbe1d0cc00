package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import dev.resumablews.CloseCode;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.reply.Replies;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.context.SmartLifecycle;

/**
 * Ends the connections when the application stops, before the web server does:
 * <ol>
 * <li>no further handshake is accepted, and every client is told when to come back, each
 * at another time;
 * <li>running replies get a grace period;
 * <li>what was appended is stored, and sent;
 * <li>the connections are closed.
 * </ol>
 */
final class Drain implements SmartLifecycle {

	private static final Log logger = LogFactory.getLog(Drain.class);

	/**
	 * Share of the time that is kept for closing.
	 */
	private static final int CLOSING_SHARE = 5;

	private static final Duration PRESENCE_TIMEOUT = Duration.ofMillis(500);

	private final Connections connections;

	private final Replies replies;

	private final EventLog log;

	private final Presence presence;

	private final Executor blocking;

	private final Duration timeout;

	private final Duration replyGrace;

	private volatile boolean running;

	Drain(Connections connections, Replies replies, EventLog log, Presence presence, Executor blocking,
			Duration timeout, Duration replyGrace) {
		this.connections = connections;
		this.replies = replies;
		this.log = log;
		this.presence = presence;
		this.blocking = blocking;
		this.timeout = timeout;
		this.replyGrace = replyGrace;
	}

	@Override
	public void start() {
		this.running = true;
	}

	@Override
	public void stop() {
		if (!this.running) {
			return;
		}
		this.running = false;
		long end = System.nanoTime() + this.timeout.toNanos();
		long closingBegins = end - this.timeout.toNanos() / CLOSING_SHARE;
		int count = this.connections.all().size();
		this.connections.beginToDrain();
		this.replies.drain(this.replyGrace);
		this.log.flush(left(closingBegins));
		await(() -> this.connections.all().stream().allMatch(Connection::caughtUp), closingBegins);
		this.connections.closeAll();
		await(() -> this.connections.all().isEmpty(), end);
		this.connections.all().forEach((connection) -> connection.abandon(CloseCode.RESTART));
		endPresence();
		logger.info("%d connections were asked to come back".formatted(count));
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	/**
	 * The highest phase there is, so that this stops before the web server.
	 */
	@Override
	public int getPhase() {
		return DEFAULT_PHASE;
	}

	/**
	 * Postgres may be away, and the pool more patient than there is time.
	 */
	private void endPresence() {
		CompletableFuture<Void> ended = CompletableFuture.runAsync(this.presence::end, this.blocking);
		await(ended::isDone, System.nanoTime() + PRESENCE_TIMEOUT.toNanos());
	}

	private static Duration left(long deadline) {
		return Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
	}

	private static void await(BooleanSupplier condition, long deadline) {
		while (!condition.getAsBoolean() && System.nanoTime() < deadline) {
			LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
		}
	}

}
