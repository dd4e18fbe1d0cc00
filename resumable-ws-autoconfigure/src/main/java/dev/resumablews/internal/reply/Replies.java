package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * The replies of all nodes, as far as a connection or a shutdown changes them. Safe for
 * use by many threads.
 */
public interface Replies {

	/**
	 * Cancels replies of a session, on whichever node they run. What they said so far
	 * becomes their message. Blocks until Postgres answers.
	 * @param sessionId the session
	 * @param userId the user
	 * @param messageId the reply to cancel; null for every reply of the session
	 * @return whether there was a reply to cancel
	 * @throws dev.resumablews.EventLogUnavailableException if Postgres does not answer
	 * and the reply does not run on this node; it may be cancelled
	 */
	boolean cancel(UUID sessionId, String userId, @Nullable UUID messageId);

	/**
	 * Begins no further replies and waits for the running ones. Those that do not end by
	 * themselves are left to the next node that has room: another one, or this one after
	 * its next start. If replies are not to be begun again, they end as failed with the
	 * code {@code interrupted}. Those that wait for their turn stay in Postgres.
	 * @param grace how long to wait at most
	 */
	void drain(Duration grace);

}
