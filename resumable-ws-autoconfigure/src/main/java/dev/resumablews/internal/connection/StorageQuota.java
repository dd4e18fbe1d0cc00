package dev.resumablews.internal.connection;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.UUID;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.SecurityEvent.Kind;
import dev.resumablews.internal.budget.StoredSize;
import dev.resumablews.internal.budget.UserBudget;
import dev.resumablews.internal.concurrent.FairExecutor;
import dev.resumablews.internal.log.SessionTable;
import dev.resumablews.internal.protocol.ErrorCode;
import dev.resumablews.internal.protocol.ServerMessage.Ack;
import dev.resumablews.internal.protocol.ServerMessage.ErrorMessage;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Bounds what is stored for a user: a message that would exceed it is refused. Messages
 * take no statement each. The sum of the user's sessions is read when a connection opens,
 * and when a message comes and the last look was five seconds ago; in between, this node
 * adds what it takes. Safe for use by many threads.
 */
public final class StorageQuota {

	private static final String REASON = "max_storage";

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
		if (this.limit > 0 && user.stored().beginRefresh(System.nanoTime(), MAX_AGE.toNanos())) {
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
		if (stored.beginRefresh(System.nanoTime(), MAX_AGE.toNanos())) {
			lookLater(user);
		}
		return stored.tryAdd(length, this.limit);
	}

	/**
	 * Refuses a message for which there is no room, unless it was stored before and is
	 * sent again because its acknowledgement was lost. Does not block.
	 * @param key the message's key
	 * @param done is run when the client has its answer
	 */
	public void refuse(MessageSender sender, UUID key, Runnable done) {
		this.threads.execute(sender.userId(), () -> {
			try {
				OptionalLong eventId = this.sessions.storedAs(sender.sessionId(), sender.userId(), key);
				if (eventId.isPresent()) {
					sender.tell(new Ack(key, eventId.getAsLong(), true));
					return;
				}
				sender.report(Kind.LIMIT_EXCEEDED, REASON);
				sender.tell(new ErrorMessage(ErrorCode.QUOTA_EXCEEDED,
						"No more than %d bytes are stored for a user".formatted(this.limit), key));
			}
			catch (EventLogUnavailableException ex) {
				logger.debug("Whether a message was stored before is not known", ex);
				sender.tell(new ErrorMessage(ErrorCode.UNAVAILABLE,
						"The message cannot be stored right now; send it again later", key));
			}
			finally {
				done.run();
			}
		});
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
			user.stored().refreshed(this.sessions.storedBytes(user.userId()));
			looked = true;
		}
		finally {
			if (!looked) {
				user.stored().failed();
			}
		}
	}

}
