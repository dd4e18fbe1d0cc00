package dev.resumablews.internal.relay;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;

import dev.resumablews.internal.concurrent.Monitors;
import org.jspecify.annotations.Nullable;

/**
 * What an upstream connection has received and its relay has not handled yet, in order.
 * It is bounded: who adds to it waits for room, so that the upstream is not read any
 * faster than its events can be stored. Safe for use by many threads.
 */
final class Inbox {

	private static final int MOST_ITEMS = 256;

	private static final long MOST_CHARACTERS = 1024 * 1024;

	private final Queue<Item> items = new ArrayDeque<>();

	private long characters;

	private boolean ended;

	/**
	 * Adds an item. Waits for room, but takes any item when nothing else waits.
	 * @param atMost how long to wait
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
				|| this.items.size() < MOST_ITEMS && this.characters + item.length() <= MOST_CHARACTERS;
	}

	/**
	 * Ends the inbox: what is in it can still be taken.
	 */
	synchronized void end() {
		this.ended = true;
		notifyAll();
	}

	/**
	 * Takes the next item. Waits for it.
	 * @return the item; null if there will be none
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
	 * Something that was received.
	 */
	sealed interface Item {

		/**
		 * Returns how much memory it takes, in UTF-16 units.
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
	 * The answer to a ping.
	 *
	 * @param eventId the event up to which messages were sent before the ping
	 */
	record Pong(long eventId) implements Item {

	}

}
