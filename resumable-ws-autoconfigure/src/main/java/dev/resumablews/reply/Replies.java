package dev.resumablews.reply;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

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
	default CompletableFuture<Appended> submit(UUID sessionId, String userId, String content, UUID idempotencyKey) {
		return submit(sessionId, userId, content, idempotencyKey, (stored) -> {
		});
	}

	/**
	 * Stores a message and answers it as {@link #submit(UUID, String, String, UUID)}
	 * does, and tells also when it was stored after the client was told that it could
	 * not: sent again, it would be a duplicate, so that is when it has to be handled.
	 * @param sessionId the session
	 * @param userId the user, to whom the session must belong
	 * @param content the message
	 * @param idempotencyKey the key under which it is stored once
	 * @param onStored is told once if, and when, the message was stored and is no
	 * duplicate; must be fast
	 * @return as for {@link #submit(UUID, String, String, UUID)}
	 */
	CompletableFuture<Appended> submit(UUID sessionId, String userId, String content, UUID idempotencyKey,
			Consumer<Appended> onStored);

	/**
	 * Cancels running replies of a session. What they said so far becomes their message.
	 * @param sessionId the session
	 * @param messageId the reply to cancel; null for every reply of the session
	 * @return whether there was a reply to cancel
	 */
	boolean cancel(UUID sessionId, @Nullable UUID messageId);

	/**
	 * Begins no further replies, waits for the running ones, and ends those that do not
	 * end by themselves as failed with the code {@code interrupted}.
	 * @param grace how long to wait at most
	 */
	void drain(Duration grace);

}
