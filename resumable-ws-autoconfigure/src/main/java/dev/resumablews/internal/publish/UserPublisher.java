package dev.resumablews.internal.publish;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.SessionEvent;
import dev.resumablews.internal.codec.StoredPayloads;
import dev.resumablews.internal.concurrent.BackOff;
import dev.resumablews.internal.jdbc.JdbcExecutor;
import dev.resumablews.internal.jdbc.JdbcSession;
import dev.resumablews.internal.jdbc.SqlStates;
import dev.resumablews.internal.log.AppendRequest;
import dev.resumablews.internal.log.CommitProbe;
import dev.resumablews.internal.log.CommitProbe.Answer;
import dev.resumablews.internal.log.QueuedAppend;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Stores an event in all open sessions of a user, in one transaction of the library: in
 * all of them or in none. An attempt
 * <ol>
 * <li>finds the sessions, and fails if there are too many;
 * <li>locks their rows in the order of their ids, with a short timeout per row. It then
 * waits for no other transaction, which prevents deadlocks between attempts;
 * <li>stores the events and commits. If the response to the commit is lost, it checks
 * whether the events are in the log.
 * </ol>
 * Failed attempts are retried with a back-off until the timeout, without holding locks or
 * connections in between. The number of concurrent attempts is limited, which leaves
 * connections to the clients. Safe for use by many threads.
 */
final class UserPublisher {

	/**
	 * Maximum number of open sessions per event.
	 */
	static final int MAX_SESSIONS = 10_000;

	private static final BackOff BACK_OFF = new BackOff(Duration.ofMillis(20), Duration.ofSeconds(1));

	/**
	 * Shorter than the deadlock timeout of Postgres, so that an application transaction
	 * that locks sessions in another order is not aborted.
	 */
	private static final Duration LOCK_WAIT = Duration.ofMillis(500);

	private static final String FIND = """
			select session_id from ws_sessions where user_id = ? and closed_at is null
			union all
			select session_id from ws_empty_sessions where user_id = ?
			limit ?
			""";

	private static final Log logger = LogFactory.getLog(UserPublisher.class);

	private final JdbcExecutor database;

	private final TransactionalStore store;

	private final CommitProbe probe;

	private final StoredPayloads payloads;

	private final Semaphore attempts;

	private final Duration timeout;

	private final int maxSessions;

	/**
	 * Creates a publisher.
	 * @param payloads encodes payloads for storage
	 * @param maxAttempts maximum number of concurrent attempts
	 * @param timeout time for all attempts of an event
	 * @param maxSessions maximum number of open sessions per event
	 */
	UserPublisher(JdbcExecutor database, TransactionalStore store, StoredPayloads payloads, int maxAttempts,
			Duration timeout, int maxSessions) {
		this.database = database;
		this.store = store;
		this.payloads = payloads;
		this.probe = new CommitProbe(database);
		this.attempts = new Semaphore(maxAttempts, true);
		this.timeout = timeout;
		this.maxSessions = maxSessions;
	}

	/**
	 * Returns a user's open sessions. Uses the application's current transaction if there
	 * is one.
	 * @throws IllegalStateException if there are too many
	 */
	List<UUID> find(String userId) {
		return this.database.execute((session) -> find(session, userId));
	}

	/**
	 * Stores an event in all open sessions of a user, and delivers it.
	 * @return the number of sessions
	 * @throws IllegalStateException if there are too many
	 * @throws IllegalArgumentException if Postgres rejects the event
	 * @throws EventLogUnavailableException if the event was not stored in time, or if the
	 * response to a commit was lost and the event may have been stored
	 */
	int publish(String userId, String type, String payload) {
		long deadline = System.nanoTime() + this.timeout.toNanos();
		Function<UUID, @Nullable AppendRequest> requests = requests(userId, type, payload);
		for (int failures = 1;; failures++) {
			try {
				StoredOperations stored = attempt(userId, requests, deadline);
				deliver(stored);
				return stored.events().size();
			}
			catch (SQLException ex) {
				if (SqlStates.isRejectedData(ex)) {
					throw new IllegalArgumentException("Failed to store the event: " + ex.getMessage(), ex);
				}
				pause(failures, deadline, ex);
			}
		}
	}

	/**
	 * Returns a factory for the event of each session. Payloads are encoded before the
	 * transaction, which must not wait for the application's codec; sessions opened after
	 * that receive no event.
	 */
	private Function<UUID, @Nullable AppendRequest> requests(String userId, String type, String payload) {
		if (!this.payloads.encodes()) {
			return (sessionId) -> AppendRequest.of(sessionId, type, payload);
		}
		Map<UUID, AppendRequest> encoded = new HashMap<>();
		find(userId).forEach((sessionId) -> encoded.put(sessionId,
				AppendRequest.of(sessionId, type, payload).encoded(this.payloads)));
		return encoded::get;
	}

	private StoredOperations attempt(String userId, Function<UUID, @Nullable AppendRequest> requests, long deadline)
			throws SQLException {
		StoredOperations stored = new StoredOperations();
		Optional<SQLException> unknown;
		acquire(deadline);
		try {
			unknown = this.database.inOwnTransaction((session) -> {
				List<Operation> operations = new ArrayList<>();
				for (UUID sessionId : find(session, userId)) {
					AppendRequest request = requests.apply(sessionId);
					if (request != null) {
						operations.add(new Operation.Append(new QueuedAppend(request, System.nanoTime()), false));
					}
				}
				if (operations.isEmpty()) {
					return Optional.empty();
				}
				this.store.execute(session, operations, lockWait(deadline), stored);
				return commit(session);
			});
		}
		finally {
			this.attempts.release();
		}
		if (unknown.isPresent() && !isStored(stored, deadline, unknown.get())) {
			throw unknown.get();
		}
		return stored;
	}

	private List<UUID> find(JdbcSession session, String userId) throws SQLException {
		int limit = 2 * this.maxSessions;
		List<UUID> found = session.list(FIND, (statement) -> {
			statement.setString(1, userId);
			statement.setString(2, userId);
			statement.setInt(3, limit);
		}, (row) -> row.getObject(1, UUID.class));
		if (found.size() > this.maxSessions) {
			throw new IllegalStateException(
					("The user has %d%s open sessions, but an event can be published to at most %d. "
							+ "Close or erase unused sessions, limit them with resumable-ws.user.max-sessions, "
							+ "or publish to individual sessions")
						.formatted(found.size(), (found.size() == limit) ? " or more" : "", this.maxSessions));
		}
		return found;
	}

	/**
	 * Commits.
	 * @return the failure if the outcome of the commit is unknown
	 */
	private static Optional<SQLException> commit(JdbcSession session) {
		try {
			session.commit();
			return Optional.empty();
		}
		catch (SQLException ex) {
			return Optional.of(ex);
		}
	}

	/**
	 * Looks up one of the events, because either all or none were stored.
	 */
	private boolean isStored(StoredOperations stored, long deadline, SQLException unknown) {
		String transaction = stored.transaction();
		if (stored.events().isEmpty() || transaction == null) {
			return true;
		}
		SessionEvent event = stored.events().values().iterator().next().get(0).event();
		for (int attempts = 1;; attempts++) {
			try {
				Answer answer = this.probe.ask(event.sessionId(), event.id(), event.createdAt(), transaction);
				if (answer != Answer.IN_PROGRESS) {
					return answer == Answer.STORED;
				}
			}
			catch (SQLException ex) {
				logger.debug("Failed to look up whether the events of a transaction were stored", ex);
			}
			pause(attempts, deadline, unknown);
		}
	}

	private void deliver(StoredOperations stored) {
		try {
			this.store.deliver(stored);
		}
		catch (RuntimeException ex) {
			// the transaction is committed, and other nodes deliver its events
			logger.warn("Failed to deliver committed events immediately", ex);
		}
	}

	private void acquire(long deadline) throws SQLException {
		try {
			if (!this.attempts.tryAcquire(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
				throw new EventLogUnavailableException("Too many events are being published to users");
			}
		}
		catch (InterruptedException ex) {
			throw interrupted(ex);
		}
	}

	private static Duration lockWait(long deadline) {
		long left = deadline - System.nanoTime();
		return (left < LOCK_WAIT.toNanos()) ? Duration.ofNanos(Math.max(0, left)) : LOCK_WAIT;
	}

	/**
	 * Waits before the next attempt.
	 * @throws EventLogUnavailableException if the timeout leaves no time for one
	 */
	private static void pause(int failures, long deadline, SQLException cause) {
		Duration delay = BACK_OFF.delay(failures);
		if (System.nanoTime() + delay.toNanos() - deadline >= 0) {
			throw SqlStates.unavailable(cause);
		}
		LockSupport.parkNanos(delay.toNanos());
		if (Thread.interrupted()) {
			throw interrupted(cause);
		}
	}

	private static EventLogUnavailableException interrupted(Exception ex) {
		Thread.currentThread().interrupt();
		return new EventLogUnavailableException("Interrupted while publishing to the sessions of a user", ex);
	}

}
