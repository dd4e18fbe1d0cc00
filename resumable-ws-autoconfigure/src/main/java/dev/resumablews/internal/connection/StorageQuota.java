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
 * Bounds the storage of a user: messages that exceed it are rejected. No statement per
 * message is needed. The sum over the user's sessions is read when a connection opens,
 * and when a message arrives and the last read is five seconds old. Between reads, this
 * node adds the sizes of accepted messages. Safe for use by many threads.
 */
public final class StorageQuota {

	private static final Duration MAX_AGE = Duration.ofSeconds(5);

	private static final Log logger = LogFactory.getLog(StorageQuota.class);

	private final SessionTable sessions;

	private final FairExecutor threads;

	private final long limit;

	/**
	 * Creates a quota.
	 * @param threads reads sums and keys
	 * @param limit maximum number of bytes stored per user; 0 for unlimited
	 */
	StorageQuota(SessionTable sessions, FairExecutor threads, long limit) {
		this.sessions = sessions;
		this.threads = threads;
		this.limit = limit;
	}

	/**
	 * Reads how much is stored for a user, unless it is known. Blocks until Postgres
	 * answers. Called when a connection opens.
	 * @throws EventLogUnavailableException if Postgres does not answer
	 */
	public void prepare(UserBudget user) {
		if (this.limit > 0 && user.stored().beginRefresh(System.nanoTime(), MAX_AGE.toNanos())) {
			refresh(user);
		}
	}

	/**
	 * Adds a message to the storage of a user, if there is room. Does not block.
	 * @param length the approximate size of the message in bytes
	 * @return whether there was room
	 */
	public boolean tryAdd(UserBudget user, long length) {
		if (this.limit == 0) {
			return true;
		}
		StoredSize stored = user.stored();
		if (stored.beginRefresh(System.nanoTime(), MAX_AGE.toNanos())) {
			refreshLater(user);
		}
		return stored.tryAdd(length, this.limit);
	}

	/**
	 * Looks up the event of a message that exceeds the quota, in case it was already
	 * stored and is sent again because its acknowledgement was lost. Does not block.
	 * @param key the message's key
	 * @return the id of the event; fails with {@link StorageQuotaExceededException} if
	 * there is none, and with {@link EventLogUnavailableException} if Postgres does not
	 * answer
	 */
	public CompletableFuture<Long> storedBefore(UUID sessionId, String userId, UUID key) {
		return CompletableFuture.supplyAsync(() -> this.sessions.storedAs(sessionId, userId, key)
			.orElseThrow(() -> new StorageQuotaExceededException(this.limit)), this.threads.of(userId));
	}

	private void refreshLater(UserBudget user) {
		try {
			this.threads.execute(user.userId(), () -> {
				try {
					refresh(user);
				}
				catch (EventLogUnavailableException ex) {
					logger.debug("Failed to read how much is stored for a user", ex);
				}
			});
		}
		catch (Throwable ex) {
			user.stored().failed();
			throw ex;
		}
	}

	private void refresh(UserBudget user) {
		boolean refreshed = false;
		try {
			user.stored().refreshed(this.sessions.storedBytes(user.userId()));
			refreshed = true;
		}
		finally {
			if (!refreshed) {
				user.stored().failed();
			}
		}
	}

}
