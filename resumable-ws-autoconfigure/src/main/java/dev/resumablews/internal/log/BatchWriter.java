package dev.resumablews.internal.log;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

import dev.resumablews.internal.concurrent.SupervisedLoop;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.JdbcSession;
import dev.resumablews.internal.jdbc.SqlStates;
import dev.resumablews.internal.log.AppendStatement.Locking;
import dev.resumablews.internal.log.CommitProbe.Answer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Writes a batch in one statement and one commit. Only the first events of sessions, and
 * sessions that another transaction has locked, need two more statements. If the response
 * to the commit is lost, the writer determines whether the batch is in the log, so that
 * no event is stored twice and no acknowledged event is lost. Used by the writer's
 * thread.
 */
final class BatchWriter {

	private static final Log logger = LogFactory.getLog(BatchWriter.class);

	private static final String PROBE = "select current_setting('transaction_read_only') = 'on' as read_only";

	private final JdbcExecutor database;

	private final AppendStatement statement;

	private final CommitProbe probe;

	BatchWriter(JdbcExecutor database, AppendStatement statement) {
		this.database = database;
		this.statement = statement;
		this.probe = new CommitProbe(database);
	}

	/**
	 * Checks whether Postgres accepts writes.
	 * @throws SQLException if it does not
	 */
	void probe() throws SQLException {
		boolean readOnly = this.database.inOwnTransaction((session) -> session.query(PROBE, JdbcSession.Parameters.NONE,
				(result) -> result.next() && result.getBoolean(1)));
		if (readOnly) {
			throw new SQLException("Postgres accepts no writes: it is a standby, or the transaction is read-only",
					SqlStates.READ_ONLY_TRANSACTION);
		}
	}

	/**
	 * Makes one attempt. If the response to the commit is lost, determines whether it
	 * succeeded.
	 * @return the outcome of the batch
	 * @throws SQLException if nothing was stored
	 * @throws Abandoned if it is unknown whether the batch was stored, and the log is
	 * shutting down
	 */
	AppendOutcome attempt(List<QueuedAppend> batch, SupervisedLoop.Control control) throws SQLException, Abandoned {
		Attempt attempt = this.database.inOwnTransaction((session) -> execute(session, batch));
		if (attempt.commitFailure() != null && !stored(batch, attempt.outcome(), control)) {
			throw attempt.commitFailure();
		}
		return attempt.outcome();
	}

	private Attempt execute(JdbcSession session, List<QueuedAppend> batch) throws SQLException {
		AppendOutcome outcome = this.statement.execute(session, batch, Locking.SKIP);
		List<Integer> missing = missing(batch, outcome);
		if (!missing.isEmpty()) {
			outcome = executeAgain(session, batch, outcome, missing);
		}
		try {
			session.commit();
			return new Attempt(outcome, null);
		}
		catch (SQLException ex) {
			return new Attempt(outcome, ex);
		}
	}

	private static List<Integer> missing(List<QueuedAppend> batch, AppendOutcome outcome) {
		List<Integer> missing = new ArrayList<>(0);
		for (int i = 0; i < batch.size(); i++) {
			if (outcome.results().get(i) == null) {
				missing.add(i);
			}
		}
		return missing;
	}

	/**
	 * Retries requests that were not stored, after empty sessions have been moved, and
	 * finds out which sessions are locked. Another writer may have moved a session since
	 * the first attempt, so this retries even if no session was moved.
	 * @param missing the indexes of these requests
	 */
	private AppendOutcome executeAgain(JdbcSession session, List<QueuedAppend> batch, AppendOutcome outcome,
			List<Integer> missing) throws SQLException {
		Set<UUID> sessionIds = new HashSet<>();
		missing.forEach((index) -> sessionIds.add(batch.get(index).sessionId()));
		Set<UUID> busy = EmptySessions.moveUnlocked(session, sessionIds);
		List<Integer> again = missing.stream().filter((index) -> !busy.contains(batch.get(index).sessionId())).toList();
		if (again.isEmpty()) {
			return new AppendOutcome(outcome.results(), busy, outcome.transaction());
		}
		AppendOutcome second = this.statement.execute(session, again.stream().map(batch::get).toList(),
				Locking.SKIP_AND_REPORT);
		List<@Nullable AppendResult> results = new ArrayList<>(outcome.results());
		for (int i = 0; i < again.size(); i++) {
			results.set(again.get(i), second.results().get(i));
		}
		busy.addAll(second.busy());
		return new AppendOutcome(results, busy, second.transaction());
	}

	/**
	 * Checks for one event of the batch, because a batch is stored as a whole or not at
	 * all. Prefers an event that is no delta, because another event may have replaced a
	 * delta by now.
	 */
	private boolean stored(List<QueuedAppend> batch, AppendOutcome outcome, SupervisedLoop.Control control)
			throws Abandoned {
		int checked = -1;
		for (int i = 0; i < batch.size(); i++) {
			AppendResult event = outcome.results().get(i);
			if (event != null && !event.duplicate() && (checked == -1 || batch.get(checked).isDelta())) {
				checked = i;
			}
		}
		AppendResult event = (checked != -1) ? outcome.results().get(checked) : null;
		String transaction = outcome.transaction();
		return event == null || transaction == null
				|| stored(batch.get(checked).sessionId(), event, transaction, control);
	}

	private boolean stored(UUID sessionId, AppendResult event, String transaction, SupervisedLoop.Control control)
			throws Abandoned {
		for (int attempts = 1;; attempts++) {
			pause(GroupCommitWriter.BACK_OFF.delay(attempts), control);
			try {
				Answer answer = this.probe.ask(sessionId, event.eventId(), event.createdAt(), transaction);
				if (answer != Answer.IN_PROGRESS) {
					return answer == Answer.STORED;
				}
			}
			catch (SQLException ex) {
				logger.debug("Could not determine yet whether event %d of session %s was stored"
					.formatted(event.eventId(), sessionId), ex);
			}
		}
	}

	/**
	 * Waits before the next attempt.
	 * @throws Abandoned if the log is shutting down
	 */
	static void pause(Duration delay, SupervisedLoop.Control control) throws Abandoned {
		try {
			if (control.await(delay)) {
				throw new Abandoned();
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new Abandoned();
		}
	}

	/**
	 * The result of an attempt.
	 *
	 * @param outcome the outcome of the batch, provided that the transaction was
	 * committed
	 * @param commitFailure the failure of the commit, after which its outcome is unknown;
	 * null if it succeeded
	 */
	private record Attempt(AppendOutcome outcome, @Nullable SQLException commitFailure) {

	}

	/**
	 * Thrown when the log is shutting down and its time has elapsed.
	 */
	static final class Abandoned extends Exception {

		private static final long serialVersionUID = 1;

	}

}
