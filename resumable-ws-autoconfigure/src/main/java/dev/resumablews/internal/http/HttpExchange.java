package dev.resumablews.internal.http;

import java.time.Duration;
import java.util.function.LongSupplier;

import dev.resumablews.internal.workers.ListeningClock;
import org.jspecify.annotations.Nullable;

/**
 * The phases of a request with messages, and their timeouts. Safe for use by many
 * threads.
 */
final class HttpExchange {

	/**
	 * Time within which a client must send the body.
	 */
	static final Duration READ_TIMEOUT = Duration.ofSeconds(10);

	/**
	 * Time within which a request is answered. Longer than the default append timeout,
	 * and shorter than the usual timeouts of proxies.
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
	 * @param writeTimeout time within which a client must accept the response
	 */
	HttpExchange(AsyncBody body, LongSupplier time, Duration writeTimeout) {
		this.body = body;
		this.time = time;
		this.writeTimeout = writeTimeout;
		this.since = time.getAsLong();
	}

	/**
	 * Records that the body has been read.
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
	 * Sends the response, unless one was already sent.
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
	 * Sends the response to a client that has not sent its whole request, and terminates
	 * the connection, because the remaining body would follow on it.
	 */
	void answerAndCut(HttpAnswer answer) {
		if (begin()) {
			this.body.head(answer.head().andThen((response) -> response.setHeader("Connection", "close")));
			this.body.write(answer.body(), (failure) -> this.body.abort());
		}
	}

	/**
	 * Checks the timeouts. Called by the clock.
	 * @param request the request being processed; null if it was rejected
	 */
	void watch(@Nullable MessageRequest request) {
		Duration passed = Duration.ofNanos(this.time.getAsLong() - this.since);
		switch (this.phase) {
			case READING -> {
				if (passed.compareTo(READ_TIMEOUT) > 0) {
					answerAndCut(HttpAnswer.text(408, "The request body was not received in time"));
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
