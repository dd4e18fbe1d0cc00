package dev.resumablews.internal.outbox;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

import dev.resumablews.internal.budget.Share;
import dev.resumablews.internal.budget.UserBudget;

/**
 * Queue of ephemeral events to be sent on a connection. Bounded per connection and per
 * user: when it is full, the oldest events are dropped, because newer ones are more
 * useful. Rejects events during replay, when the client does not have the state they
 * refer to. Safe for use by many threads.
 */
public final class EphemeralQueue {

	static final int MAX_EVENTS = 256;

	static final int MAX_CHARACTERS = 256 * 1024;

	private final UserBudget budget;

	private final Deque<String> events = new ArrayDeque<>(1);

	/**
	 * Characters taken from the budget.
	 */
	private long characters;

	private boolean admitting;

	private boolean closed;

	EphemeralQueue(UserBudget budget) {
		this.budget = budget;
	}

	/**
	 * Adds an event, or drops it.
	 * @return whether the event was added
	 */
	public synchronized boolean offer(String event) {
		if (!this.admitting || this.closed) {
			return false;
		}
		while (!tryTake(event.length())) {
			if (this.events.isEmpty()) {
				return false;
			}
			remove();
		}
		this.characters += event.length();
		return this.events.add(event);
	}

	/**
	 * Starts or stops accepting events. Stopping also drops the queued ones.
	 * @param admitting whether the client has caught up
	 */
	public synchronized void admit(boolean admitting) {
		this.admitting = admitting;
		if (!admitting) {
			clear();
		}
	}

	/**
	 * Moves events to a list until a length is reached.
	 * @param most length at which to stop, including the list's previous content
	 */
	public synchronized void drainTo(List<String> drained, long most) {
		if (this.events.isEmpty()) {
			return;
		}
		long length = drained.stream().mapToLong(String::length).sum();
		while (length < most && !this.events.isEmpty()) {
			String event = remove();
			drained.add(event);
			length += event.length();
		}
	}

	/**
	 * Discards all events, current and future.
	 */
	synchronized void close() {
		this.closed = true;
		clear();
	}

	private boolean tryTake(int length) {
		return this.events.size() < MAX_EVENTS && this.characters + length <= MAX_CHARACTERS
				&& this.budget.tryTake(Share.EPHEMERAL_CHARACTERS, length);
	}

	private String remove() {
		String event = this.events.remove();
		this.characters -= event.length();
		this.budget.giveBack(Share.EPHEMERAL_CHARACTERS, event.length());
		return event;
	}

	private void clear() {
		while (!this.events.isEmpty()) {
			remove();
		}
	}

}
