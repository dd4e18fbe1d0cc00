package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import dev.resumablews.internal.log.AppendResult;
import org.jspecify.annotations.Nullable;

/**
 * Stores user messages and answers them. Safe for use by many threads.
 */
public interface Replies {

	/**
	 * Stores a user message, once for each key, together with the wish for a reply, which
	 * begins on this node or another one when its turn has come. Does not block.
	 * @param sessionId the session
	 * @param userId the user
	 * @param content what the user said
	 * @param idempotencyKey the message's key
	 * @return completes when the message is durable; fails as
	 * {@link dev.resumablews.internal.log.EventLog#append} does, and as unavailable when
	 * this node is stopping or too many replies wait
	 */
	default CompletableFuture<AppendResult> submit(UUID sessionId, String userId, String content, UUID idempotencyKey) {
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
	CompletableFuture<AppendResult> submit(UUID sessionId, String userId, String content, UUID idempotencyKey,
			Consumer<AppendResult> onStored);

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
	 * code {@code interrupted}. Those that wait for their turn stay in Postgres, for
	 * whichever node comes next.
	 * @param grace how long to wait at most
	 */
	void drain(Duration grace);

}
