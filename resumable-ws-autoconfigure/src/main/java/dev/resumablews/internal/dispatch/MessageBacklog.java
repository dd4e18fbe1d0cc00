package dev.resumablews.internal.dispatch;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.budget.BudgetExceededException;
import dev.resumablews.internal.budget.Share;
import dev.resumablews.internal.budget.UserBudget;

/**
 * Bounds the queued messages of a connection. The user's budget bounds all of them.
 * Messages that wait for the application or for the session to open are also bounded per
 * connection and per node. Safe for use by many threads.
 */
public final class MessageBacklog {

	/**
	 * Maximum number of messages per connection.
	 */
	public static final int MAX_MESSAGES = 100;

	private final Total total;

	private final UserBudget budget;

	private final long maxCharacters;

	private int messages;

	private long characters;

	/**
	 * Creates a backlog.
	 * @param total the backlog of all connections
	 * @param budget the user's budget
	 * @param longest maximum length of a message
	 */
	MessageBacklog(Total total, UserBudget budget, long longest) {
		this.total = total;
		this.budget = budget;
		this.maxCharacters = Math.max(Total.MAX_CHARACTERS_PER_CONNECTION, longest);
	}

	/**
	 * Reserves room for a message that only waits to be stored.
	 * @param length its length
	 * @return the reservation, to be released
	 * @throws BudgetExceededException if the user has too many queued messages
	 */
	Reservation reserveToStore(long length) {
		take(length);
		return new Reservation(() -> giveBack(length));
	}

	/**
	 * Reserves room for a message that waits for the application or for the session.
	 * @param length its length
	 * @return the reservation, to be released
	 * @throws EventLogUnavailableException if there is no room; a
	 * {@link BudgetExceededException} if the user has too many queued messages
	 */
	Reservation reserve(long length) {
		take(length);
		if (!takeOwn(length)) {
			giveBack(length);
			throw new EventLogUnavailableException("Too many messages of the client are queued");
		}
		return new Reservation(() -> {
			giveBackOwn(length);
			giveBack(length);
		});
	}

	private void take(long length) {
		if (!this.budget.tryTake(Share.WAITING_MESSAGES, 1)) {
			throw new BudgetExceededException(Share.WAITING_MESSAGES.reason());
		}
		if (!this.budget.tryTake(Share.WAITING_CHARACTERS, length)) {
			this.budget.giveBack(Share.WAITING_MESSAGES, 1);
			throw new BudgetExceededException(Share.WAITING_CHARACTERS.reason());
		}
	}

	private void giveBack(long length) {
		this.budget.giveBack(Share.WAITING_MESSAGES, 1);
		this.budget.giveBack(Share.WAITING_CHARACTERS, length);
	}

	private synchronized boolean takeOwn(long length) {
		if (this.messages >= MAX_MESSAGES || this.characters + length > this.maxCharacters
				|| !this.total.reserve(length)) {
			return false;
		}
		this.messages++;
		this.characters += length;
		return true;
	}

	private synchronized void giveBackOwn(long length) {
		this.messages--;
		this.characters -= length;
		this.total.release(length);
	}

	/**
	 * Backlog of all connections of this node.
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
	 * A reservation for one message.
	 */
	static final class Reservation {

		private final Runnable giveBack;

		private final AtomicBoolean released = new AtomicBoolean();

		private Reservation(Runnable giveBack) {
			this.giveBack = giveBack;
		}

		/**
		 * Releases the reservation. Repeated calls have no effect.
		 */
		void release() {
			if (this.released.compareAndSet(false, true)) {
				this.giveBack.run();
			}
		}

	}

}
