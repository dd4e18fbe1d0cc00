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
 * Executes work once per idempotency key, in one transaction with the key, so that either
 * both or neither are committed. While the work is running, further attempts with the
 * same key are rejected on every node, because waiting would occupy a connection of the
 * application's pool. Safe for use by many threads.
 * <p>
 * Keys of messages that the log stores are separate, even if a client uses the same key
 * for both. Therefore the writers of the log never wait for a key that a running handler
 * holds.
 */
public final class IdempotentExecutor {

	/**
	 * SQLSTATE classes of connection errors, transaction conflicts, missing resources,
	 * and operator interventions.
	 */
	private static final Set<String> RETRYABLE = Set.of("08", "40", "53", "57");

	/**
	 * The advisory lock is held until the end of the transaction, and is never waited
	 * for.
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
	 * Limits how many connections of the application's pool are used, so that slow
	 * handlers leave connections to the application.
	 */
	private final Semaphore permits;

	private final Duration timeout;

	/**
	 * Creates an executor.
	 * @param transactionManager the application's transaction manager; null if it has
	 * none or several
	 * @param tracker tracks the transactions
	 * @param limit maximum number of concurrent executions
	 * @param timeout maximum wait for other executions
	 */
	IdempotentExecutor(JdbcExecutor database, @Nullable PlatformTransactionManager transactionManager,
			TransactionTracker tracker, int limit, Duration timeout) {
		this.database = database;
		this.permits = new Semaphore(limit, true);
		this.timeout = timeout;
		JdbcTransactionManager own = new JdbcTransactionManager(database.dataSource());
		own.addListener(tracker);
		this.own = new TransactionTemplate(own);
		this.transaction = (transactionManager != null) ? new TransactionTemplate(transactionManager) : this.own;
	}

	/**
	 * Runs the work, unless it was done before.
	 * @param sessionId the session
	 * @param userId the user the session must belong to
	 * @param idempotencyKey the key
	 * @param work the work; if it throws, the transaction is rolled back
	 * @return whether the work was run by this call
	 * @throws UnknownSessionException if the user has no such open session
	 * @throws EventLogUnavailableException if a retry may succeed: Postgres is
	 * unavailable, another transaction conflicted, the work is currently running, or too
	 * much other work is
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
	 * Runs the work of a claim in one transaction with the end of the claim, at the
	 * isolation level read committed.
	 * @param claim the claim
	 * @param work the work; if it throws, the transaction is rolled back
	 * @return whether the work was committed; false if the claim is not held
	 * @throws EventLogUnavailableException if a retry may succeed: Postgres is
	 * unavailable, or too much other work is running
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
	 * Begins the transaction at read committed. The lease of a claim is renewed while the
	 * work runs, and a transaction with a higher isolation level could not end a claim
	 * that was renewed since it began.
	 */
	private static boolean begin(JdbcSession session, Claim claim) throws SQLException {
		session.readCommitted();
		return claim.holds(session);
	}

	private void acquire() {
		try {
			if (this.permits.tryAcquire(this.timeout.toNanos(), TimeUnit.NANOSECONDS)) {
				return;
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		throw new EventLogUnavailableException(
				"Too many messages with a key are being handled; resumable-ws.log.handlers sets the limit");
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
	 * Inserts a row for the session in a separate transaction, so that the row is not
	 * locked while the work runs.
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
	 * Runs a transaction, and translates its failure if a retry may succeed.
	 * @param transaction runs the transaction, and sets the flag once only the commit
	 * remains
	 */
	private static boolean translated(Predicate<AtomicBoolean> transaction) {
		AtomicBoolean worked = new AtomicBoolean();
		try {
			return transaction.test(worked);
		}
		catch (CannotCreateTransactionException ex) {
			throw new EventLogUnavailableException("Failed to begin the transaction: " + ex.getMessage(), ex);
		}
		catch (DataAccessException | TransactionSystemException ex) {
			// if the connection is lost, the rollback fails as well
			if (ex instanceof TransactionSystemException rollback
					&& rollback.getApplicationException() instanceof RuntimeException cause
					&& (cause instanceof EventLogUnavailableException || cause instanceof NoSuchRowException
							|| cause instanceof LostClaimException)) {
				throw cause;
			}
			if (worked.get() && isWorthRetrying(ex)) {
				throw new EventLogUnavailableException("Failed to commit the transaction: " + ex.getMessage(), ex);
			}
			throw ex;
		}
	}

	/**
	 * Returns whether a commit failed for a temporary reason. A violated constraint, for
	 * example, would fail again.
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
	 * Returns whether a SQLSTATE is temporary. Postgres always sends one, so without it
	 * there was no response.
	 */
	private static boolean isRetryable(@Nullable String state) {
		return state == null || state.length() >= 2 && RETRYABLE.contains(state.substring(0, 2));
	}

	/**
	 * Runs a task in a transaction of the application if that uses this database, and
	 * otherwise in a nested transaction of the library. The application's only
	 * transaction manager may manage another resource.
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
	 * The user has no such session, or it has no row because it is empty.
	 */
	private static final class NoSuchRowException extends RuntimeException {

		private static final long serialVersionUID = 1;

	}

	/**
	 * Another node holds the claim, or it has ended.
	 */
	private static final class LostClaimException extends RuntimeException {

		private static final long serialVersionUID = 1;

	}

	/**
	 * A claim on work. Both methods are called within the transaction.
	 */
	public interface Claim {

		/**
		 * Returns whether this node still holds the claim.
		 */
		boolean holds(JdbcSession session) throws SQLException;

		/**
		 * Ends the claim.
		 * @return whether it was held until now
		 */
		boolean end(JdbcSession session) throws SQLException;

	}

}
