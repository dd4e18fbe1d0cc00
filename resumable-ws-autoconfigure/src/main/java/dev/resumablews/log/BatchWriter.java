package dev.resumablews.log;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import dev.resumablews.ResumableWsListener;
import dev.resumablews.log.AppendStatement.Outcome;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Writes a batch in one statement and one commit, and does not give up while Postgres is
 * away. When the connection breaks during the commit, the server is asked what became of
 * the transaction, so that nothing is stored twice and nothing acknowledged is lost. Used
 * by one thread.
 */
final class BatchWriter {

	private static final Log logger = LogFactory.getLog(BatchWriter.class);

	private static final long FIRST_PAUSE_MILLIS = 20;

	private static final long LONGEST_PAUSE_MILLIS = 1000;

	private final Database database;

	private final AppendStatement statement;

	private final List<ResumableWsListener> listeners;

	private final CountDownLatch abandoned;

	private boolean failing;

	/**
	 * Creates a writer.
	 * @param abandoned reaches zero when it is to give up
	 */
	BatchWriter(Database database, AppendStatement statement, List<ResumableWsListener> listeners,
			CountDownLatch abandoned) {
		this.database = database;
		this.statement = statement;
		this.listeners = listeners;
		this.abandoned = abandoned;
	}

	/**
	 * Makes one attempt, and finds out how it ended if that takes more than one.
	 * @return what became of each append
	 * @throws SQLException if nothing was stored
	 * @throws Abandoned if it is not known whether something was stored, and the log is
	 * being stopped
	 */
	Outcome attempt(List<PendingAppend> batch) throws SQLException, Abandoned {
		long start = System.nanoTime();
		Outcome outcome;
		try (Connection connection = this.database.open()) {
			connection.setAutoCommit(false);
			outcome = this.statement.execute(connection, batch);
			commit(connection, outcome.transactionId());
		}
		if (this.failing) {
			this.failing = false;
			logger.info("The event log is being written again");
		}
		Duration duration = Duration.ofNanos(System.nanoTime() - start);
		this.listeners.forEach((listener) -> listener.onBatchStored(batch.size(), duration));
		return outcome;
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

	private void commit(Connection connection, @Nullable String transactionId) throws SQLException, Abandoned {
		try {
			connection.commit();
		}
		catch (SQLException ex) {
			if (transactionId != null && !committed(transactionId, ex)) {
				throw ex;
			}
		}
	}

	private boolean committed(String transactionId, SQLException cause) throws Abandoned {
		for (int attempts = 1;; attempts++) {
			pause(attempts, cause);
			try {
				Boolean committed = this.statement.committed(transactionId);
				if (committed != null) {
					return committed;
				}
			}
			catch (SQLException ex) {
				logger.debug("What became of transaction " + transactionId + " is not known yet", ex);
			}
		}
	}

	/**
	 * The log is being stopped and its time is over.
	 */
	static final class Abandoned extends Exception {

		private static final long serialVersionUID = 1;

	}

}
