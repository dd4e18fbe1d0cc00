package dev.resumablews.benchmarks.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

import dev.resumablews.benchmarks.wire.ReplyOrder;
import org.reactivestreams.Publisher;

/**
 * Makes the tokens of all replies, in place of a model. One thread looks every
 * millisecond which are due, as the peer on Node.js does. A token's stamp is the time at
 * which it was due, so whatever keeps it back counts. Safe for use by many threads.
 */
final class Pacer implements AutoCloseable {

	private static final long TICK_NANOS = 1_000_000;

	private final Queue<PacedTokens> begun = new ConcurrentLinkedQueue<>();

	private final Thread thread = new Thread(this::run, "pacer");

	private volatile boolean stopped;

	Pacer() {
		this.thread.setDaemon(true);
		this.thread.start();
	}

	/**
	 * Makes the tokens of a reply.
	 * @param order which
	 * @return the tokens; to be subscribed to once
	 */
	Publisher<String> tokens(ReplyOrder order) {
		return (subscriber) -> {
			PacedTokens tokens = new PacedTokens(order, subscriber);
			subscriber.onSubscribe(tokens);
			if (order.periodMicros() > 0) {
				this.begun.add(tokens);
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
			for (PacedTokens tokens = this.begun.poll(); tokens != null; tokens = this.begun.poll()) {
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
