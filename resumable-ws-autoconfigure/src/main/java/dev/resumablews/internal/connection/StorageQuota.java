package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.internal.budget.StoredSize;
import dev.resumablews.internal.budget.UserBudget;
import dev.resumablews.internal.concurrent.FairExecutor;
import dev.resumablews.internal.log.SessionTable;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Bounds what is stored for a user: a message that would exceed it is refused. Messages
 * take no statement each. The sum of the user's sessions is read when a connection opens,
 * and when a message comes and the last look was five seconds ago; in between, this node
 * adds what it takes. Safe for use by many threads.
 */
public final class StorageQuota {

	private static final Duration MAX_AGE = Duration.ofSeconds(5);

	private static final Log logger = LogFactory.getLog(StorageQuota.class);

	private final SessionTable sessions;

	private final FairExecutor threads;

	private final long limit;

	/**
	 * Creates a quota.
	 * @param threads read sums and keys
	 * @param limit bytes that may be stored for a user; 0 for no limit
	 */
	StorageQuota(SessionTable sessions, FairExecutor threads, long limit) {
		this.sessions = sessions;
		this.threads = threads;
		this.limit = limit;
	}

	/**
	 * Looks how much is stored for a user, unless that is known. Blocks until Postgres
	 * answers. To be called when a connection opens.
	 * @throws EventLogUnavailableException if it does not
	 */
	public void prepare(UserBudget user) {
		if (this.limit > 0 && user.stored().beginLook(System.nanoTime(), MAX_AGE.toNanos())) {
			look(user);
		}
	}

	/**
	 * Adds a message to what is stored for a user, if there is room for it. Does not
	 * block.
	 * @param length the size of the message, in bytes or nearly so
	 * @return whether there was room
	 */
	public boolean tryAdd(UserBudget user, long length) {
		if (this.limit == 0) {
			return true;
		}
		StoredSize stored = user.stored();
		if (stored.beginLook(System.nanoTime(), MAX_AGE.toNanos())) {
			lookLater(user);
		}
		return stored.tryAdd(length, this.limit);
	}

	/**
	 * Returns the event that a message for which there is no room was stored as before:
	 * it is sent again if its acknowledgement was lost. Does not block.
	 * @param key the message's key
	 * @return the id of the event; fails with {@link StorageQuotaExceededException} if
	 * there is none, and with {@link EventLogUnavailableException} if Postgres does not
	 * answer
	 */
	public CompletableFuture<Long> storedBefore(UUID sessionId, String userId, UUID key) {
		return CompletableFuture.supplyAsync(() -> this.sessions.storedAs(sessionId, userId, key)
			.orElseThrow(() -> new StorageQuotaExceededException(this.limit)), this.threads.of(userId));
	}

	private void lookLater(UserBudget user) {
		try {
			this.threads.execute(user.userId(), () -> {
				try {
					look(user);
				}
				catch (EventLogUnavailableException ex) {
					logger.debug("How much is stored for a user is not known", ex);
				}
			});
		}
		catch (Throwable ex) {
			user.stored().failed();
			throw ex;
		}
	}

	private void look(UserBudget user) {
		boolean looked = false;
		try {
			user.stored().looked(this.sessions.storedBytes(user.userId()));
			looked = true;
		}
		finally {
			if (!looked) {
				user.stored().failed();
			}
		}
	}

}
