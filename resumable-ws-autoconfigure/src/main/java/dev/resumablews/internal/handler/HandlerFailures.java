package dev.resumablews.internal.handler;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Logs failures of handlers. For each handler and exception type, one failure per minute
 * is logged at WARN with its stack trace, and others at DEBUG, so that clients cannot
 * flood the log. Safe for use by multiple threads.
 */
public final class HandlerFailures {

	private static final Log logger = LogFactory.getLog(HandlerFailures.class);

	private static final long INTERVAL = Duration.ofMinutes(1).toNanos();

	private static final int MOST_KINDS = 1000;

	private final LongSupplier clock;

	/**
	 * Guarded by the map's monitor.
	 */
	private final Map<Kind, Window> windows = new HashMap<>();

	HandlerFailures(LongSupplier clock) {
		this.clock = clock;
	}

	/**
	 * Logs a failure.
	 * @param handler the name of the handler
	 * @param what a sentence that describes the failure
	 * @param failure the exception
	 */
	public void log(String handler, String what, Throwable failure) {
		long unlogged = take(new Kind(handler, failure.getClass()));
		if (unlogged < 0) {
			logger.debug(what, failure);
		}
		else if (unlogged == 0) {
			logger.warn(what, failure);
		}
		else {
			logger.warn("%s (and %d times before, which were logged at DEBUG)".formatted(what, unlogged), failure);
		}
	}

	/**
	 * Returns the number of earlier failures of a kind that were suppressed; -1 if this
	 * failure is suppressed as well.
	 */
	private long take(Kind kind) {
		long now = this.clock.getAsLong();
		synchronized (this.windows) {
			Window window = this.windows.get(kind);
			if (window != null && now - window.begunAt < INTERVAL) {
				window.unlogged++;
				return -1;
			}
			if (window == null && this.windows.size() == MOST_KINDS) {
				this.windows.clear();
			}
			this.windows.put(kind, new Window(now));
			return (window != null) ? window.unlogged : 0;
		}
	}

	private record Kind(String handler, Class<?> failure) {

	}

	private static final class Window {

		private final long begunAt;

		private long unlogged;

		private Window(long begunAt) {
			this.begunAt = begunAt;
		}

	}

}
