package dev.resumablews.internal.http;

import java.time.Duration;
import java.util.function.LongSupplier;

import dev.resumablews.internal.workers.ListeningClock;
import org.jspecify.annotations.Nullable;

/**
 * The way of a request with messages to its answer, and how long each part of it may
 * take. Safe for use by many threads.
 */
final class HttpExchange {

	/**
	 * How long a client may take to send a body.
	 */
	static final Duration READ_TIMEOUT = Duration.ofSeconds(10);

	/**
	 * How long a client waits for an answer. Longer than a message waits to be stored, by
	 * default, and shorter than proxies wait.
	 */
	static final Duration HANDLE_TIMEOUT = Duration.ofSeconds(20);

	private final AsyncBody body;

	private final LongSupplier time;

	private final Duration writeTimeout;

	private volatile Phase phase = Phase.READING;

	private volatile long since;

	/**
	 * Creates an exchange whose body is being read.
	 * @param time the time of {@link ListeningClock}
	 * @param writeTimeout how long a client may take to take the answer
	 */
	HttpExchange(AsyncBody body, LongSupplier time, Duration writeTimeout) {
		this.body = body;
		this.time = time;
		this.writeTimeout = writeTimeout;
		this.since = time.getAsLong();
	}

	/**
	 * Notes that the body was read.
	 */
	synchronized void handling() {
		if (this.phase == Phase.READING) {
			this.phase = Phase.HANDLING;
			this.since = this.time.getAsLong();
		}
	}

	boolean isAnswered() {
		return this.phase == Phase.ANSWERED;
	}

	/**
	 * Answers, unless that is done already.
	 */
	void answer(HttpAnswer answer) {
		if (begin()) {
			this.body.head(answer.head());
			this.body.write(answer.body(), (failure) -> {
			});
			this.body.complete();
		}
	}

	/**
	 * Answers a client that has not sent all of its request, and ends the connection:
	 * what comes next on it would be the rest of the body.
	 */
	void answerAndCut(HttpAnswer answer) {
		if (begin()) {
			this.body.head(answer.head().andThen((response) -> response.setHeader("Connection", "close")));
			this.body.write(answer.body(), (failure) -> this.body.abort());
		}
	}

	/**
	 * Looks whether something is overdue. Called by the clock.
	 * @param request what is handled; null if it was refused
	 */
	void watch(@Nullable MessageRequest request) {
		Duration passed = Duration.ofNanos(this.time.getAsLong() - this.since);
		switch (this.phase) {
			case READING -> {
				if (passed.compareTo(READ_TIMEOUT) > 0) {
					answerAndCut(HttpAnswer.text(408, "The request came too slowly"));
				}
			}
			case HANDLING -> {
				if (passed.compareTo(HANDLE_TIMEOUT) > 0 && request != null) {
					answer(request.timedOut());
				}
			}
			case ANSWERED -> {
				if (passed.compareTo(this.writeTimeout) > 0) {
					this.body.abort();
				}
			}
		}
	}

	private synchronized boolean begin() {
		if (this.phase == Phase.ANSWERED) {
			return false;
		}
		this.since = this.time.getAsLong();
		this.phase = Phase.ANSWERED;
		return true;
	}

	private enum Phase {

		READING, HANDLING, ANSWERED

	}

}
