package dev.resumablews;

import org.jspecify.annotations.Nullable;

/**
 * An event could not be stored in time: Postgres is away or slow, or more is waiting than
 * the configured bounds allow. Trying again later is reasonable.
 */
public class EventLogUnavailableException extends RuntimeException {

	public EventLogUnavailableException(String message) {
		super(message);
	}

	public EventLogUnavailableException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
