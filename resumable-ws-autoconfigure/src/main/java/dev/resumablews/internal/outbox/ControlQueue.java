package dev.resumablews.internal.outbox;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

import dev.resumablews.internal.budget.Share;
import dev.resumablews.internal.budget.UserBudget;

/**
 * Control messages that wait to be sent on a connection. Bounded for the connection and
 * for the user: a client that asks for more answers than it reads fills it. Safe for use
 * by many threads.
 */
public final class ControlQueue {

	private static final int MAX_MESSAGES = 1000;

	private static final int MAX_CHARACTERS = 64 * 1024;

	private final UserBudget budget;

	private final Deque<String> messages = new ArrayDeque<>(1);

	/**
	 * What the budget knows of.
	 */
	private long characters;

	private boolean closed;

	ControlQueue(UserBudget budget) {
		this.budget = budget;
	}

	/**
	 * Adds a message.
	 * @return whether there was room
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
	 * Adds a message before all others, whether there is room or not.
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
	 * Forgets all messages, and those that come.
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
