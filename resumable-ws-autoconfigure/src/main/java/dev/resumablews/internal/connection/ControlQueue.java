package dev.resumablews.internal.connection;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * Control messages that wait to be sent on a connection. Bounded: a client that asks for
 * more answers than it reads fills it. Safe for use by many threads.
 */
final class ControlQueue {

	private static final int MAX_MESSAGES = 1000;

	private static final int MAX_CHARACTERS = 64 * 1024;

	private final Deque<String> messages = new ArrayDeque<>(1);

	private long characters;

	/**
	 * Adds a message.
	 * @return whether there was room
	 */
	synchronized boolean offer(String message) {
		if (this.messages.size() >= MAX_MESSAGES || this.characters + message.length() > MAX_CHARACTERS) {
			return false;
		}
		this.characters += message.length();
		return this.messages.add(message);
	}

	/**
	 * Adds a message before all others, whether there is room or not.
	 */
	synchronized void offerFirst(String message) {
		this.characters += message.length();
		this.messages.addFirst(message);
	}

	/**
	 * Moves all messages to a list.
	 */
	synchronized void drainTo(List<String> drained) {
		if (!this.messages.isEmpty()) {
			drained.addAll(this.messages);
			this.messages.clear();
			this.characters = 0;
		}
	}

}
