package dev.resumablews.reply;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

import org.jspecify.annotations.Nullable;

/**
 * Lets so many replies run at once, and so many wait for their turn. A turn is over when
 * the reply's thread is back and the reply's last event is stored: a generator that hangs
 * and replies that wait for Postgres count. Safe for use by many threads.
 */
final class Turns {

	private final int maxRunning;

	private final int maxWaiting;

	private final Executor executor;

	private final Queue<Reply> waiting = new ArrayDeque<>();

	private int running;

	Turns(int maxRunning, int maxWaiting, Executor executor) {
		this.maxRunning = maxRunning;
		this.maxWaiting = maxWaiting;
		this.executor = executor;
	}

	/**
	 * Runs a reply now or later.
	 * @param reply the reply
	 * @return whether there was room for it
	 */
	boolean take(Reply reply) {
		synchronized (this) {
			if (this.running >= this.maxRunning) {
				return this.waiting.size() < this.maxWaiting && this.waiting.add(reply);
			}
			this.running++;
		}
		run(reply);
		return true;
	}

	/**
	 * Forgets the replies that wait.
	 * @return those replies
	 */
	synchronized List<Reply> clear() {
		List<Reply> cleared = List.copyOf(this.waiting);
		this.waiting.clear();
		return cleared;
	}

	private void run(Reply first) {
		// not by recursion, as many may be refused one after the other
		for (Reply reply = first; reply != null; reply = next()) {
			Reply current = reply;
			try {
				this.executor.execute(() -> {
					try {
						current.run();
					}
					finally {
						current.stored().thenRun(this::leave);
					}
				});
				return;
			}
			catch (RejectedExecutionException ex) {
				current.fail(ReplyFailure.INTERRUPTED);
			}
		}
	}

	private void leave() {
		Reply next = next();
		if (next != null) {
			run(next);
		}
	}

	private synchronized @Nullable Reply next() {
		Reply next = this.waiting.poll();
		if (next == null) {
			this.running--;
		}
		return next;
	}

}
