package dev.resumablews.internal.connection;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;

/**
 * Bounds what the messages of a connection take while they wait for the application or
 * for the session to be opened, and what those of all connections take. Safe for use by
 * many threads.
 */
final class MessageBacklog {

	/**
	 * Messages of one connection.
	 */
	static final int MAX_MESSAGES = 100;

	private final Total total;

	private final long maxCharacters;

	private int messages;

	private long characters;

	/**
	 * Creates a backlog.
	 * @param total the backlog of all connections
	 * @param longest length of the longest message
	 */
	MessageBacklog(Total total, long longest) {
		this.total = total;
		this.maxCharacters = Math.max(Total.MAX_CHARACTERS_PER_CONNECTION, longest);
	}

	/**
	 * Reserves room for a message.
	 * @param length its length
	 * @return the room, to be released; null if there is none
	 */
	synchronized @Nullable Reservation reserve(long length) {
		if (this.messages >= MAX_MESSAGES || this.characters + length > this.maxCharacters
				|| !this.total.reserve(length)) {
			return null;
		}
		this.messages++;
		this.characters += length;
		return new Reservation(this, length);
	}

	private synchronized void release(long length) {
		this.messages--;
		this.characters -= length;
		this.total.release(length);
	}

	/**
	 * The backlog of all connections of a node.
	 */
	static final class Total {

		private static final long MAX_CHARACTERS_PER_CONNECTION = 1024 * 1024;

		private static final long MAX_CHARACTERS = 64 * MAX_CHARACTERS_PER_CONNECTION;

		private final AtomicLong characters = new AtomicLong();

		private boolean reserve(long length) {
			if (this.characters.addAndGet(length) <= MAX_CHARACTERS) {
				return true;
			}
			release(length);
			return false;
		}

		private void release(long length) {
			this.characters.addAndGet(-length);
		}

	}

	/**
	 * Room for a message.
	 */
	static final class Reservation {

		private final MessageBacklog backlog;

		private final long length;

		private final AtomicBoolean released = new AtomicBoolean();

		private Reservation(MessageBacklog backlog, long length) {
			this.backlog = backlog;
			this.length = length;
		}

		/**
		 * Releases the room. Does nothing the second time.
		 */
		void release() {
			if (this.released.compareAndSet(false, true)) {
				this.backlog.release(this.length);
			}
		}

	}

}
