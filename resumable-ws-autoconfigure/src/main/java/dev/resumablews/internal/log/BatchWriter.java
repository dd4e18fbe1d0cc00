package dev.resumablews.internal.log;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dev.resumablews.ResumableWsListener;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.SqlStates;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Writes a batch in one statement and one commit, and does not give up while Postgres is
 * away. When the connection breaks during the commit, the log is asked whether the batch
 * is in it, so that nothing is stored twice and nothing acknowledged is lost. Used by one
 * thread.
 */
final class BatchWriter {

	private static final Log logger = LogFactory.getLog(BatchWriter.class);

	private static final long FIRST_PAUSE_MILLIS = 20;

	private static final long LONGEST_PAUSE_MILLIS = 1000;

	private final JdbcExecutor database;

	private final AppendStatement statement;

	private final ResumableWsListener listener;

	private final CountDownLatch abandoned;

	private boolean failing;

	/**
	 * Creates a writer.
	 * @param abandoned reaches zero when it is to give up
	 */
	BatchWriter(JdbcExecutor database, AppendStatement statement, ResumableWsListener listener,
			CountDownLatch abandoned) {
		this.database = database;
		this.statement = statement;
		this.listener = listener;
		this.abandoned = abandoned;
	}

	/**
	 * Makes one attempt, and finds out how it ended if that takes more than one.
	 * @return what became of each append
	 * @throws SQLException if nothing was stored
	 * @throws Abandoned if it is not known whether something was stored, and the log is
	 * being stopped
	 */
	List<@Nullable AppendResult> attempt(List<QueuedAppend> batch) throws SQLException, Abandoned {
		long start = System.nanoTime();
		Attempt attempt = this.database.apart((connection) -> execute(connection, batch));
		if (attempt.commitFailure() != null && !stored(batch, attempt.appended(), attempt.commitFailure())) {
			throw attempt.commitFailure();
		}
		if (this.failing) {
			this.failing = false;
			logger.info("The event log is being written again");
		}
		this.listener.onBatchStored(batch.size(), Duration.ofNanos(System.nanoTime() - start));
		return attempt.appended();
	}

	/**
	 * Waits before the next attempt.
	 * @param attempts how many attempts failed
	 */
	void pause(int attempts, SQLException cause) throws Abandoned {
		if (!this.failing && !SqlStates.isUniqueViolation(cause)) {
			this.failing = true;
			logger.warn("The event log cannot be written and will be tried again: " + cause.getMessage());
		}
		long limit = Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS << Math.min(attempts - 1, 10));
		try {
			if (this.abandoned.await(limit, TimeUnit.MILLISECONDS)) {
				throw new Abandoned();
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new Abandoned();
		}
	}

	private Attempt execute(Connection connection, List<QueuedAppend> batch) throws SQLException {
		List<@Nullable AppendResult> appended = this.statement.executeAlone(connection, batch);
		try {
			connection.commit();
			return new Attempt(appended, null);
		}
		catch (SQLException ex) {
			return new Attempt(appended, ex);
		}
	}

	/**
	 * Asks for one event of the batch, as a batch is stored as a whole or not at all. Not
	 * for a delta, if there is anything else: another event may stand in for it by now.
	 */
	private boolean stored(List<QueuedAppend> batch, List<@Nullable AppendResult> appended, SQLException cause)
			throws Abandoned {
		int asked = -1;
		for (int i = 0; i < batch.size(); i++) {
			AppendResult event = appended.get(i);
			if (event != null && !event.duplicate() && (asked == -1 || batch.get(asked).draft().isDelta())) {
				asked = i;
			}
		}
		AppendResult event = (asked != -1) ? appended.get(asked) : null;
		return event == null || stored(batch.get(asked).draft().sessionId(), event, cause);
	}

	private boolean stored(UUID sessionId, AppendResult event, SQLException cause) throws Abandoned {
		for (int attempts = 1;; attempts++) {
			pause(attempts, cause);
			try {
				return this.statement.stored(sessionId, event);
			}
			catch (SQLException ex) {
				logger.debug("Whether event %d of session %s was stored is not known yet".formatted(event.eventId(),
						sessionId), ex);
			}
		}
	}

	/**
	 * How an attempt ended.
	 *
	 * @param appended what became of each append, provided that the transaction was
	 * committed
	 * @param commitFailure why it is not known whether it was
	 */
	private record Attempt(List<@Nullable AppendResult> appended, @Nullable SQLException commitFailure) {

	}

	/**
	 * The log is being stopped and its time is over.
	 */
	static final class Abandoned extends Exception {

		private static final long serialVersionUID = 1;

	}

}
