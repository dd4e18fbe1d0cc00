package dev.resumablews.internal.publish;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.sql.SQLRecoverableException;
import java.sql.SQLTransientException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.UnknownSessionException;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.JdbcSession;
import dev.resumablews.internal.jdbc.SqlStates;
import dev.resumablews.internal.jdbc.TransactionalDataSource;
import dev.resumablews.internal.log.EmptySessions;
import org.jspecify.annotations.Nullable;

import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.RecoverableDataAccessException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionSystemException;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Does something once for an idempotency key: in one transaction with the key, so that
 * either both are kept or neither. While it is being done, another attempt with the same
 * key is refused, on whichever node: it would keep a connection of the application's pool
 * waiting. Safe for use by many threads.
 * <p>
 * The keys of messages that the log stores are other keys, even if a client uses one for
 * both. So the log's writers never meet a key that a handler holds while it runs.
 */
public final class IdempotentExecutor {

	/**
	 * SQLSTATE classes of connections, conflicts between transactions, missing resources,
	 * and interventions by an operator.
	 */
	private static final Set<String> RETRYABLE = Set.of("08", "40", "53", "57");

	/**
	 * The advisory lock lasts as long as the transaction, and is not waited for.
	 */
	private static final String CLAIM = """
			with attempt as materialized (
				select pg_try_advisory_xact_lock(hashtextextended('resumable-ws key ' || ?, 0)) as free
			), mine as (
				select session_id from ws_sessions where session_id = ? and user_id = ? and closed_at is null
			), claimed as (
				insert into ws_idempotency_keys (session_id, idempotency_key)
				select session_id, ? from mine, attempt where free
				on conflict do nothing
				returning session_id
			)
			select free, (select count(*) from mine) as sessions, (select count(*) from claimed) as claims
			from attempt
			""";

	private final JdbcExecutor database;

	private final TransactionTemplate transaction;

	private final TransactionTemplate own;

	/**
	 * What of the application's pool may be taken at the same time, so that handlers
	 * which are slow leave connections to the application.
	 */
	private final Semaphore permits;

	private final Duration patience;

	/**
	 * Creates it.
	 * @param transactionManager that of the application; null if it has none, or several
	 * @param tracker follows the transactions
	 * @param most how much work is done at the same time
	 * @param patience how long more of it waits
	 */
	IdempotentExecutor(JdbcExecutor database, @Nullable PlatformTransactionManager transactionManager,
			TransactionTracker tracker, int most, Duration patience) {
		this.database = database;
		this.permits = new Semaphore(most, true);
		this.patience = patience;
		JdbcTransactionManager own = new JdbcTransactionManager(database.dataSource());
		own.addListener(tracker);
		this.own = new TransactionTemplate(own);
		this.transaction = (transactionManager != null) ? new TransactionTemplate(transactionManager) : this.own;
	}

	/**
	 * Does the work, unless it was done before.
	 * @param sessionId the session
	 * @param userId the user the session must belong to
	 * @param idempotencyKey the key
	 * @param work the work; when it throws, nothing is kept
	 * @return whether it was done just now
	 * @throws UnknownSessionException if the user has no such open session
	 * @throws EventLogUnavailableException if Postgres cannot be reached, another
	 * transaction was in the way, the work is being done, or too much other work is, so
	 * that trying again later is reasonable
	 */
	public boolean run(UUID sessionId, String userId, UUID idempotencyKey, Runnable work) {
		acquire();
		try {
			return runPermitted(sessionId, userId, idempotencyKey, work);
		}
		finally {
			this.permits.release();
		}
	}

	/**
	 * Does the work of a claim, in one transaction with the end of the claim, whose
	 * isolation level is read committed.
	 * @param claim the claim
	 * @param work the work; when it throws, nothing is kept
	 * @return whether it was done; false if the claim is not held, and nothing is kept
	 * @throws EventLogUnavailableException if Postgres cannot be reached, or too much
	 * other work is being done, so that trying again later is reasonable
	 */
	public boolean run(Claim claim, Runnable work) {
		acquire();
		try {
			return translated((worked) -> inTransaction(() -> {
				if (!this.database.execute((session) -> begin(session, claim))) {
					return false;
				}
				work.run();
				if (!this.database.execute(claim::end)) {
					throw new LostClaimException();
				}
				worked.set(true);
				return true;
			}));
		}
		catch (LostClaimException ex) {
			return false;
		}
		finally {
			this.permits.release();
		}
	}

	/**
	 * The lease of a claim is renewed while the work is done. A transaction with a higher
	 * isolation level could not end a claim that was renewed since it began.
	 */
	private static boolean begin(JdbcSession session, Claim claim) throws SQLException {
		session.readCommitted();
		return claim.holds(session);
	}

	private void acquire() {
		try {
			if (this.permits.tryAcquire(this.patience.toNanos(), TimeUnit.NANOSECONDS)) {
				return;
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		throw new EventLogUnavailableException(
				"Other messages with a key are being handled; resumable-ws.log.handlers says how many may be at a time");
	}

	private boolean runPermitted(UUID sessionId, String userId, UUID idempotencyKey, Runnable work) {
		try {
			return runOnce(sessionId, userId, idempotencyKey, work);
		}
		catch (NoSuchRowException ex) {
			move(sessionId);
		}
		try {
			return runOnce(sessionId, userId, idempotencyKey, work);
		}
		catch (NoSuchRowException ex) {
			throw new UnknownSessionException(sessionId);
		}
	}

	/**
	 * Gives the session a row in a transaction of its own, so that it is not locked while
	 * the work is done.
	 */
	private void move(UUID sessionId) {
		try {
			this.database.inOwnTransaction((session) -> {
				EmptySessions.move(session, List.of(sessionId));
				session.commit();
				return true;
			});
		}
		catch (SQLException ex) {
			throw SqlStates.unavailable(ex);
		}
	}

	private boolean runOnce(UUID sessionId, String userId, UUID idempotencyKey, Runnable work) {
		return translated((worked) -> inTransaction(() -> {
			boolean first = claim(sessionId, userId, idempotencyKey);
			if (first) {
				work.run();
			}
			worked.set(true);
			return first;
		}));
	}

	/**
	 * Runs a transaction, and says of its failures whether trying again is reasonable.
	 * @param transaction runs it, and notes when nothing is left but the commit
	 */
	private static boolean translated(Predicate<AtomicBoolean> transaction) {
		AtomicBoolean worked = new AtomicBoolean();
		try {
			return transaction.test(worked);
		}
		catch (CannotCreateTransactionException ex) {
			throw new EventLogUnavailableException("The transaction could not be begun: " + ex.getMessage(), ex);
		}
		catch (DataAccessException | TransactionSystemException ex) {
			// on a connection that is lost, the rollback fails, too
			if (ex instanceof TransactionSystemException rollback
					&& rollback.getApplicationException() instanceof RuntimeException cause
					&& (cause instanceof EventLogUnavailableException || cause instanceof NoSuchRowException
							|| cause instanceof LostClaimException)) {
				throw cause;
			}
			if (worked.get() && isWorthRetrying(ex)) {
				throw new EventLogUnavailableException("The transaction could not be committed: " + ex.getMessage(),
						ex);
			}
			throw ex;
		}
	}

	/**
	 * Whether a commit failed for a reason that may be gone later. A violated constraint,
	 * for example, fails again.
	 */
	private static boolean isWorthRetrying(Throwable failure) {
		for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
			if (cause instanceof TransientDataAccessException || cause instanceof RecoverableDataAccessException
					|| cause instanceof DataAccessResourceFailureException || cause instanceof SQLTransientException
					|| cause instanceof SQLRecoverableException
					|| cause instanceof SQLException failed && isRetryable(failed.getSQLState())) {
				return true;
			}
		}
		return false;
	}

	/**
	 * Every answer of Postgres has a state, so without one there was none.
	 */
	private static boolean isRetryable(@Nullable String state) {
		return state == null || state.length() >= 2 && RETRYABLE.contains(state.substring(0, 2));
	}

	/**
	 * Does it in a transaction of the application's, if that is one on this database, and
	 * in one of our own within it if not: the application may have a transaction manager
	 * of something else, and no other.
	 */
	private boolean inTransaction(BooleanSupplier task) {
		Boolean done = this.transaction.execute((status) -> {
			if (TransactionalDataSource.bound(this.database.dataSource()) != null) {
				return task.getAsBoolean();
			}
			return this.own.execute((own) -> task.getAsBoolean());
		});
		return Boolean.TRUE.equals(done);
	}

	private boolean claim(UUID sessionId, String userId, UUID key) {
		return this.database.execute((session) -> session.query(CLAIM, (statement) -> {
			statement.setString(1, sessionId + " " + key);
			statement.setObject(2, sessionId);
			statement.setString(3, userId);
			statement.setObject(4, handledKey(key));
		}, (rows) -> {
			rows.next();
			if (rows.getLong("sessions") == 0) {
				throw new NoSuchRowException();
			}
			if (!rows.getBoolean("free")) {
				throw new EventLogUnavailableException("The message with key %s is being handled".formatted(key));
			}
			return rows.getLong("claims") == 1;
		}));
	}

	private static UUID handledKey(UUID key) {
		return UUID.nameUUIDFromBytes(("handled " + key).getBytes(StandardCharsets.US_ASCII));
	}

	/**
	 * The user has no such session, or it is empty.
	 */
	private static final class NoSuchRowException extends RuntimeException {

		private static final long serialVersionUID = 1;

	}

	/**
	 * Another node has the claim, or it has ended.
	 */
	private static final class LostClaimException extends RuntimeException {

		private static final long serialVersionUID = 1;

	}

	/**
	 * What is to be done once, by whom. Both methods are called in the transaction.
	 */
	public interface Claim {

		/**
		 * Returns whether the work is still to be done, here.
		 */
		boolean holds(JdbcSession session) throws SQLException;

		/**
		 * Ends the claim.
		 * @return whether it was held until now
		 */
		boolean end(JdbcSession session) throws SQLException;

	}

}
