package dev.resumablews.internal.outbox;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

import dev.resumablews.internal.budget.Share;
import dev.resumablews.internal.budget.UserBudget;

/**
 * Ephemeral events that wait to be sent on a connection. Bounded for the connection and
 * for the user: beyond that the oldest are dropped, as the newest say most. Takes none
 * while the client catches up with the log, since it could not tell what they refer to.
 * Safe for use by many threads.
 */
public final class EphemeralQueue {

	static final int MAX_EVENTS = 256;

	static final int MAX_CHARACTERS = 256 * 1024;

	private final UserBudget budget;

	private final Deque<String> events = new ArrayDeque<>(1);

	/**
	 * What the budget knows of.
	 */
	private long characters;

	private boolean admitting;

	private boolean closed;

	EphemeralQueue(UserBudget budget) {
		this.budget = budget;
	}

	/**
	 * Adds an event, or drops it.
	 * @return whether there is something to send
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
	 * Takes events from now on, or drops those that wait and those that come.
	 * @param admitting whether the client has caught up
	 */
	public synchronized void admit(boolean admitting) {
		this.admitting = admitting;
		if (!admitting) {
			clear();
		}
	}

	/**
	 * Moves events to a list.
	 * @param most length after which to stop, with what the list holds already
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
	 * Forgets all events, and those that come.
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
