package dev.resumablews.internal.reply;

import java.util.concurrent.CompletableFuture;

import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import org.jspecify.annotations.Nullable;

/**
 * A reply that this node has claimed, until its row is gone or given back. Safe for use
 * by many threads.
 */
final class HeldReply {

	private final ClaimedReply claim;

	private final CompletableFuture<@Nullable Void> letGo = new CompletableFuture<>();

	private volatile @Nullable ClaimedWork work;

	private volatile long renewedAt;

	/**
	 * Creates it.
	 * @param renewedAt when its lease began at the earliest, by {@link System#nanoTime()}
	 */
	HeldReply(ClaimedReply claim, long renewedAt) {
		this.claim = claim;
		this.renewedAt = renewedAt;
	}

	ClaimedReply claim() {
		return this.claim;
	}

	/**
	 * Returns what runs.
	 * @return the reply, or what runs instead; null if it is only being ended
	 */
	@Nullable ClaimedWork work() {
		return this.work;
	}

	void runs(ClaimedWork work) {
		this.work = work;
	}

	/**
	 * Returns what completes when this node has let the reply go.
	 * @return the future; it never fails
	 */
	CompletableFuture<@Nullable Void> letGo() {
		return this.letGo;
	}

	long renewedAt() {
		return this.renewedAt;
	}

	void renewed(long at) {
		this.renewedAt = at;
	}

}
