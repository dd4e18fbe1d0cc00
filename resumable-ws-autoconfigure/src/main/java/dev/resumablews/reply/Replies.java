package dev.resumablews.reply;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

import dev.resumablews.log.Appended;
import org.jspecify.annotations.Nullable;

/**
 * Stores user messages and answers them. Safe for use by many threads.
 */
public interface Replies {

	/**
	 * Stores a user message, once for each key, and begins the reply to it. Does not
	 * block.
	 * @param sessionId the session
	 * @param userId the user
	 * @param content what the user said
	 * @param idempotencyKey the message's key
	 * @return completes when the message is durable; fails as
	 * {@link dev.resumablews.log.EventLog#append} does
	 */
	CompletableFuture<Appended> submit(UUID sessionId, String userId, String content, UUID idempotencyKey);

	/**
	 * Cancels replies of a session, on whichever node they run. What they said so far
	 * becomes their message. Blocks until Postgres answers.
	 * @param sessionId the session
	 * @param userId the user
	 * @param messageId the reply to cancel; null for every reply of the session
	 * @return whether there was a reply to cancel
	 */
	boolean cancel(UUID sessionId, String userId, @Nullable UUID messageId);

	/**
	 * Begins no further replies and waits for the running ones. Those that do not end by
	 * themselves are left to another node; if there is none, they end as failed with the
	 * code {@code interrupted}.
	 * @param grace how long to wait at most
	 */
	void drain(Duration grace);

}
