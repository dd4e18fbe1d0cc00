package dev.resumablews.internal.connection;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;

/**
 * Control messages that wait to be sent on a connection. Bounded: a client that asks for
 * more answers than it reads fills it. Safe for use by many threads.
 */
final class ControlQueue {

	private static final int CAPACITY = 1000;

	private final Queue<String> messages = new ArrayDeque<>(1);

	/**
	 * Adds a message.
	 * @return whether there was room
	 */
	synchronized boolean offer(String message) {
		return this.messages.size() < CAPACITY && this.messages.add(message);
	}

	/**
	 * Moves all messages to a list.
	 */
	synchronized void drainTo(List<String> drained) {
		if (!this.messages.isEmpty()) {
			drained.addAll(this.messages);
			this.messages.clear();
		}
	}

}
