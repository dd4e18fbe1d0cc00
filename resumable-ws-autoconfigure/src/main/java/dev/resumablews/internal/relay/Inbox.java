package dev.resumablews.internal.relay;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;

import dev.resumablews.internal.concurrent.Monitors;
import org.jspecify.annotations.Nullable;

/**
 * Bounded queue of items received from an upstream and not handled yet. Adding blocks
 * until there is room, so that the upstream is read no faster than its events are stored.
 * Safe for use by many threads.
 */
final class Inbox {

	private static final int MAX_ITEMS = 256;

	private static final long MAX_CHARACTERS = 1024 * 1024;

	private final Queue<Item> items = new ArrayDeque<>();

	private long characters;

	private boolean ended;

	/**
	 * Adds an item. Waits for room, but accepts any item while the queue is empty.
	 * @param atMost maximum wait
	 * @return whether it was added, or the inbox has ended
	 * @throws InterruptedException if the thread was interrupted
	 */
	synchronized boolean put(Item item, Duration atMost) throws InterruptedException {
		long deadline = System.nanoTime() + atMost.toNanos();
		if (!Monitors.await(this, () -> this.ended || hasRoom(item), deadline)) {
			return false;
		}
		if (!this.ended) {
			this.items.add(item);
			this.characters += item.length();
			notifyAll();
		}
		return true;
	}

	private boolean hasRoom(Item item) {
		return this.items.isEmpty()
				|| this.items.size() < MAX_ITEMS && this.characters + item.length() <= MAX_CHARACTERS;
	}

	/**
	 * Ends the inbox. Items already in it can still be taken.
	 */
	synchronized void end() {
		this.ended = true;
		notifyAll();
	}

	/**
	 * Removes and returns the next item. Waits for it.
	 * @return the item; null if the inbox has ended and is empty
	 * @throws InterruptedException if the thread was interrupted
	 */
	synchronized @Nullable Item take() throws InterruptedException {
		while (this.items.isEmpty() && !this.ended) {
			wait();
		}
		Item item = this.items.poll();
		if (item != null) {
			this.characters -= item.length();
			notifyAll();
		}
		return item;
	}

	/**
	 * An item received from the upstream.
	 */
	sealed interface Item {

		/**
		 * Returns its memory use in UTF-16 units.
		 */
		default int length() {
			return 0;
		}

	}

	/**
	 * A message.
	 *
	 * @param text its text
	 */
	record Text(String text) implements Item {

		@Override
		public int length() {
			return this.text.length();
		}

	}

	/**
	 * The response to a ping.
	 *
	 * @param eventId the event up to which messages were sent before the ping
	 */
	record Pong(long eventId) implements Item {

	}

}
