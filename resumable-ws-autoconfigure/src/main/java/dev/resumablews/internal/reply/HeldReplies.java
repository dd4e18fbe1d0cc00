package dev.resumablews.internal.reply;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import org.jspecify.annotations.Nullable;

/**
 * The replies that this node runs, which are the only ones whose leases it renews. Safe
 * for use by many threads.
 */
final class HeldReplies {

	private final Map<ReplyKey, HeldReply> held = new ConcurrentHashMap<>();

	/**
	 * Adds a claimed reply.
	 * @return the reply
	 */
	HeldReply add(ClaimedReply claim, long claimedAt) {
		HeldReply reply = new HeldReply(claim, claimedAt);
		this.held.put(claim.key(), reply);
		return reply;
	}

	/**
	 * Releases a reply, unless it was already released.
	 * @param claim the claim; another claim of the same reply is not released
	 * @return whether it was held
	 */
	boolean remove(ClaimedReply claim) {
		HeldReply reply = find(claim.key(), claim.fence());
		if (reply == null || !this.held.remove(claim.key(), reply)) {
			return false;
		}
		reply.released().complete(null);
		return true;
	}

	@Nullable HeldReply find(ReplyKey key, long fence) {
		HeldReply reply = this.held.get(key);
		return (reply != null && reply.claim().fence() == fence) ? reply : null;
	}

	List<HeldReply> all() {
		return List.copyOf(this.held.values());
	}

	Collection<ReplyKey> keys() {
		return List.copyOf(this.held.keySet());
	}

	boolean isEmpty() {
		return this.held.isEmpty();
	}

}
