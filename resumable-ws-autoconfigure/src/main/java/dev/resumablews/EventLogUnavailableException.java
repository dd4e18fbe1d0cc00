package dev.resumablews;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when an event cannot be stored in time, because Postgres is unavailable or slow
 * or a configured queue is full. Callers can retry later.
 */
public class EventLogUnavailableException extends RuntimeException {

	public EventLogUnavailableException(String message) {
		super(message);
	}

	public EventLogUnavailableException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
