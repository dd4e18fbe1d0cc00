package dev.resumablews.internal.observation;

import java.util.UUID;

import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;

import org.springframework.util.ClassUtils;

/**
 * Sets the session and the connection of log lines in the MDC of SLF4J. Does nothing
 * without SLF4J. It is opened around a call and must be closed by the same thread, which
 * restores the previous values.
 */
public final class LogContext implements AutoCloseable {

	/**
	 * Key of the session's id.
	 */
	public static final String SESSION = "resumable-ws.session";

	/**
	 * Key of the id of the connection, or of the HTTP request.
	 */
	public static final String CONNECTION = "resumable-ws.connection";

	private static final boolean PRESENT = ClassUtils.isPresent("org.slf4j.MDC", LogContext.class.getClassLoader());

	private static final LogContext NONE = new LogContext(null, null);

	private final @Nullable String session;

	private final @Nullable String connection;

	private LogContext(@Nullable String session, @Nullable String connection) {
		this.session = session;
		this.connection = connection;
	}

	/**
	 * Sets the values of the current thread.
	 * @param sessionId the session
	 * @param connectionId the connection; null if there is none
	 * @return the context, which the caller must close
	 */
	public static LogContext open(@Nullable UUID sessionId, @Nullable UUID connectionId) {
		if (!PRESENT) {
			return NONE;
		}
		LogContext before = new LogContext(MDC.get(SESSION), MDC.get(CONNECTION));
		set(text(sessionId), text(connectionId));
		return before;
	}

	/**
	 * Runs a task with the values of a session.
	 * @param sessionId the session
	 * @param connectionId the connection; null if there is none
	 * @param task the task
	 */
	public static void run(@Nullable UUID sessionId, @Nullable UUID connectionId, Runnable task) {
		LogContext context = open(sessionId, connectionId);
		try {
			task.run();
		}
		finally {
			context.close();
		}
	}

	@Override
	public void close() {
		if (PRESENT) {
			set(this.session, this.connection);
		}
	}

	private static void set(@Nullable String session, @Nullable String connection) {
		put(SESSION, session);
		put(CONNECTION, connection);
	}

	private static void put(String key, @Nullable String value) {
		if (value != null) {
			MDC.put(key, value);
		}
		else {
			MDC.remove(key);
		}
	}

	private static @Nullable String text(@Nullable UUID id) {
		return (id != null) ? id.toString() : null;
	}

}
