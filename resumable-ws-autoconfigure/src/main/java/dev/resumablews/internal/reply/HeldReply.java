package dev.resumablews.internal.reply;

import java.util.concurrent.CompletableFuture;

import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import org.jspecify.annotations.Nullable;

/**
 * A reply that this node has claimed and not yet released. Safe for use by many threads.
 */
final class HeldReply {

	private final ClaimedReply claim;

	private final CompletableFuture<@Nullable Void> released = new CompletableFuture<>();

	private volatile @Nullable ClaimedWork work;

	private volatile long renewedAt;

	/**
	 * Creates a held reply.
	 * @param renewedAt earliest possible start of its lease, by {@link System#nanoTime()}
	 */
	HeldReply(ClaimedReply claim, long renewedAt) {
		this.claim = claim;
		this.renewedAt = renewedAt;
	}

	ClaimedReply claim() {
		return this.claim;
	}

	/**
	 * Returns the running work.
	 * @return the reply or the handling of a message; null if the reply is only being
	 * ended
	 */
	@Nullable ClaimedWork work() {
		return this.work;
	}

	void runs(ClaimedWork work) {
		this.work = work;
	}

	/**
	 * Returns a future that completes when this node has released the reply.
	 * @return the future; it never fails
	 */
	CompletableFuture<@Nullable Void> released() {
		return this.released;
	}

	long renewedAt() {
		return this.renewedAt;
	}

	void renewed(long at) {
		this.renewedAt = at;
	}

}
