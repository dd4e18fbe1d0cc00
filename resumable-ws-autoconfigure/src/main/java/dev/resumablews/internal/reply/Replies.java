package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * The replies of all nodes, for connections that cancel them and for the shutdown. Safe
 * for use by many threads.
 */
public interface Replies {

	/**
	 * Cancels replies of a session, on whichever node they run. Their text so far becomes
	 * their message. Blocks until Postgres answers.
	 * @param sessionId the session
	 * @param userId the user
	 * @param messageId the reply to cancel; null for all replies of the session
	 * @return whether there was a reply to cancel
	 * @throws dev.resumablews.EventLogUnavailableException if Postgres does not answer
	 * and the reply does not run on this node; the reply may still be cancelled
	 */
	boolean cancel(UUID sessionId, String userId, @Nullable UUID messageId);

	/**
	 * Starts no further replies and waits for the running ones. Those that do not end in
	 * time are left to the next node with room, which may be this one after its next
	 * start. If replies must not be restarted, they fail with the code
	 * {@code interrupted}. Waiting replies stay in Postgres.
	 * @param grace maximum time to wait
	 */
	void drain(Duration grace);

}
