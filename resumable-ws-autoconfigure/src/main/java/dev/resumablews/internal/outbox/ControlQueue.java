package dev.resumablews.internal.outbox;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

import dev.resumablews.internal.budget.Share;
import dev.resumablews.internal.budget.UserBudget;

/**
 * Queue of control messages to be sent on a connection. Bounded per connection and per
 * user; it fills up if a client requests more responses than it reads. Safe for use by
 * many threads.
 */
public final class ControlQueue {

	private static final int MAX_MESSAGES = 1000;

	private static final int MAX_CHARACTERS = 64 * 1024;

	private final UserBudget budget;

	private final Deque<String> messages = new ArrayDeque<>(1);

	/**
	 * Characters taken from the budget.
	 */
	private long characters;

	private boolean closed;

	ControlQueue(UserBudget budget) {
		this.budget = budget;
	}

	/**
	 * Adds a message.
	 * @return whether there was room; true after closing, when messages are discarded
	 */
	public synchronized boolean offer(String message) {
		if (this.closed) {
			return true;
		}
		if (this.messages.size() >= MAX_MESSAGES || this.characters + message.length() > MAX_CHARACTERS
				|| !this.budget.tryTake(Share.UNREAD_CHARACTERS, message.length())) {
			return false;
		}
		this.characters += message.length();
		return this.messages.add(message);
	}

	/**
	 * Adds a message at the head of the queue, regardless of its limits.
	 */
	public synchronized void offerFirst(String message) {
		this.messages.addFirst(message);
	}

	/**
	 * Moves all messages to a list.
	 */
	public synchronized void drainTo(List<String> drained) {
		if (!this.messages.isEmpty()) {
			drained.addAll(this.messages);
			clear();
		}
	}

	/**
	 * Discards all messages, current and future.
	 */
	synchronized void close() {
		this.closed = true;
		clear();
	}

	private void clear() {
		this.messages.clear();
		this.budget.giveBack(Share.UNREAD_CHARACTERS, this.characters);
		this.characters = 0;
	}

}
