package dev.resumablews.internal.admission;

import java.util.concurrent.atomic.AtomicInteger;

import dev.resumablews.internal.concurrent.FairExecutor;
import dev.resumablews.internal.connection.Connection;

/**
 * Opens the sessions of new connections, a few at a time and fairly between users. The
 * queue is bounded. Safe for use by many threads.
 */
final class SessionOpener {

	private final FairExecutor threads;

	private final int capacity;

	private final AtomicInteger waiting = new AtomicInteger();

	/**
	 * Creates an opener.
	 * @param threads opens sessions, waiting for Postgres
	 * @param capacity maximum number of sessions that wait to be opened
	 */
	SessionOpener(FairExecutor threads, int capacity) {
		this.threads = threads;
		this.capacity = capacity;
	}

	/**
	 * Returns whether the queue has room for a number of further sessions.
	 */
	boolean hasRoomFor(int sessions) {
		return this.waiting.get() + sessions <= this.capacity;
	}

	/**
	 * Opens the session of a connection as soon as possible.
	 * @return whether it will be opened; false if the queue is full
	 */
	boolean open(Connection connection) {
		if (this.waiting.incrementAndGet() > this.capacity) {
			this.waiting.decrementAndGet();
			return false;
		}
		try {
			this.threads.execute(connection.userId(), () -> {
				this.waiting.decrementAndGet();
				connection.open();
			});
		}
		catch (Throwable ex) {
			this.waiting.decrementAndGet();
			throw ex;
		}
		return true;
	}

}
