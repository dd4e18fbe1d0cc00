package dev.resumablews.internal.concurrent;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Logs the beginning and the end of an outage once each. Repeated failures are logged at
 * DEBUG. The first failure that is not an {@link Exception} is logged at ERROR with its
 * stack trace, because it is a defect of the program and not of its environment. Safe for
 * use by many threads.
 */
public final class OutageLog {

	private static final Log logger = LogFactory.getLog(OutageLog.class);

	private static final int MOST_CAUSES = 20;

	private final String activity;

	private boolean failing;

	private boolean faulty;

	private long failures;

	private @Nullable Outage outage;

	/**
	 * Creates a log for an activity.
	 * @param activity the activity, as the subject of a sentence
	 */
	public OutageLog(String activity) {
		this.activity = activity;
	}

	/**
	 * Records a failed attempt.
	 * @param cause the cause of the failure
	 */
	public synchronized void failed(Throwable cause) {
		this.failures++;
		if (!(cause instanceof Exception) && !this.faulty) {
			this.faulty = true;
			logger.error(this.activity + " failed and will be retried", cause);
		}
		else if (!this.failing) {
			logger.warn(this.activity + " failed and will be retried: " + cause);
			logger.debug(this.activity + " failed", cause);
		}
		else {
			logger.debug(this.activity + " failed again", cause);
		}
		this.failing = true;
		Instant since = (this.outage != null) ? this.outage.since() : Instant.now().truncatedTo(ChronoUnit.MILLIS);
		this.outage = new Outage(this.activity, since, reason(cause));
	}

	/**
	 * Records a successful attempt.
	 */
	public synchronized void worked() {
		if (this.failing) {
			this.failing = false;
			this.faulty = false;
			this.outage = null;
			logger.info(this.activity + " works again");
		}
	}

	/**
	 * Returns whether the last attempt failed.
	 * @return whether there is an outage
	 */
	public synchronized boolean isFailing() {
		return this.failing;
	}

	/**
	 * Returns the current outage.
	 * @return the outage; null if the last attempt succeeded
	 */
	public synchronized @Nullable Outage outage() {
		return this.outage;
	}

	/**
	 * Returns the number of failed attempts so far.
	 * @return the number of failures
	 */
	public synchronized long failures() {
		return this.failures;
	}

	/**
	 * A connection pool's exception only reports that it has no connection; the root
	 * cause has the reason.
	 */
	private static String reason(Throwable cause) {
		Throwable root = cause;
		for (int depth = 0; depth < MOST_CAUSES && root.getCause() != null; depth++) {
			root = root.getCause();
		}
		return (root != cause) ? "%s (%s)".formatted(line(cause), line(root)) : line(cause);
	}

	/**
	 * Returns the first line of a message. Further lines may quote a payload.
	 */
	private static String line(Throwable cause) {
		String message = cause.getMessage();
		String line = (message != null) ? message.lines().findFirst().orElse("").strip() : "";
		return line.isEmpty() ? cause.getClass().getSimpleName() : line;
	}

}
