package dev.resumablews.benchmarks.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

import dev.resumablews.benchmarks.wire.ReplyOrder;
import org.reactivestreams.Publisher;

/**
 * Makes the tokens of all replies instead of a model. One thread checks every millisecond
 * which tokens are due, as the Socket.IO server does. A token is stamped with the time at
 * which it was due, so that all delays count. Safe for use by many threads.
 */
final class Pacer implements AutoCloseable {

	private static final long TICK_NANOS = 1_000_000;

	private final Queue<PacedTokens> started = new ConcurrentLinkedQueue<>();

	private final Thread thread = new Thread(this::run, "pacer");

	private volatile boolean stopped;

	Pacer() {
		this.thread.setDaemon(true);
		this.thread.start();
	}

	/**
	 * Makes the tokens of a reply.
	 * @param order the requested reply
	 * @return the tokens, for one subscriber
	 */
	Publisher<String> tokens(ReplyOrder order) {
		return (subscriber) -> {
			PacedTokens tokens = new PacedTokens(order, subscriber);
			subscriber.onSubscribe(tokens);
			if (order.periodMicros() > 0) {
				this.started.add(tokens);
			}
		};
	}

	@Override
	public void close() {
		this.stopped = true;
	}

	private void run() {
		List<PacedTokens> running = new ArrayList<>();
		long next = System.nanoTime();
		while (!this.stopped) {
			for (PacedTokens tokens = this.started.poll(); tokens != null; tokens = this.started.poll()) {
				running.add(tokens);
			}
			running.removeIf((tokens) -> !tokens.advance());
			next = Math.max(next + TICK_NANOS, System.nanoTime());
			while (System.nanoTime() < next && !this.stopped) {
				LockSupport.parkNanos(next - System.nanoTime());
			}
		}
	}

}
