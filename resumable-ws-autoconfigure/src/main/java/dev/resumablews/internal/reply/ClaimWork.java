package dev.resumablews.internal.reply;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;

/**
 * Claims to make and replies to give back. Not safe for use by many threads.
 */
final class ClaimWork {

	private final Set<ReplyKey> stored = new LinkedHashSet<>();

	private final Set<UUID> sessions = new LinkedHashSet<>();

	private final Map<ClaimedReply, Boolean> returned = new LinkedHashMap<>();

	private boolean look;

	/**
	 * Returns replies to messages that were stored here.
	 * @return the replies; mutable
	 */
	Set<ReplyKey> stored() {
		return this.stored;
	}

	/**
	 * Returns sessions in which a reply has ended here.
	 * @return the sessions; mutable
	 */
	Set<UUID> sessions() {
		return this.sessions;
	}

	/**
	 * Returns replies to give back, and whether their attempt counts.
	 * @return the replies; mutable
	 */
	Map<ClaimedReply, Boolean> returned() {
		return this.returned;
	}

	/**
	 * Returns whether to search for replies that any node may claim.
	 * @return whether to search
	 */
	boolean look() {
		return this.look;
	}

	void lookToo() {
		this.look = true;
	}

	boolean claims() {
		return this.look || !this.stored.isEmpty() || !this.sessions.isEmpty();
	}

	boolean isEmpty() {
		return !claims() && this.returned.isEmpty();
	}

	void add(ClaimWork other) {
		this.stored.addAll(other.stored);
		this.sessions.addAll(other.sessions);
		this.returned.putAll(other.returned);
		this.look |= other.look;
	}

}
