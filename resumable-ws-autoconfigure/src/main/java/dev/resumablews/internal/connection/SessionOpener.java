package dev.resumablews.internal.connection;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

/**
 * Opens the sessions of new connections on the threads that read the log, a few at a
 * time, so that pages are read even while none can be opened. Those that wait are
 * bounded. Safe for use by many threads.
 */
final class SessionOpener {

	private final Executor readers;

	private final int concurrent;

	private final int capacity;

	private final Queue<Connection> waiting = new ArrayDeque<>();

	private int running;

	/**
	 * Creates an opener.
	 * @param readers threads that may wait for Postgres
	 * @param concurrent sessions that are opened at the same time
	 * @param capacity sessions that may wait to be opened
	 */
	SessionOpener(Executor readers, int concurrent, int capacity) {
		this.readers = readers;
		this.concurrent = concurrent;
		this.capacity = capacity;
	}

	/**
	 * Returns whether so many further sessions may wait.
	 */
	synchronized boolean hasRoomFor(int sessions) {
		return this.waiting.size() + sessions <= this.capacity;
	}

	/**
	 * Opens the session of a connection as soon as possible.
	 * @return whether it will be opened; false if too many wait
	 */
	boolean open(Connection connection) {
		synchronized (this) {
			if (!hasRoomFor(1)) {
				return false;
			}
			this.waiting.add(connection);
			if (this.running == this.concurrent) {
				return true;
			}
			this.running++;
		}
		schedule();
		return true;
	}

	/**
	 * Each session is another task, so that pages that wait have their turn.
	 */
	private void schedule() {
		try {
			this.readers.execute(this::openNext);
		}
		catch (Throwable ex) {
			synchronized (this) {
				this.running--;
			}
			throw ex;
		}
	}

	private void openNext() {
		Connection next;
		synchronized (this) {
			next = this.waiting.poll();
			if (next == null) {
				this.running--;
				return;
			}
		}
		try {
			next.open();
		}
		finally {
			schedule();
		}
	}

}
