package dev.resumablews.internal.reply;

import java.util.concurrent.Executor;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.MessageRejectedException;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import org.jspecify.annotations.Nullable;

/**
 * Strategy that handles stored user messages instead of a generator. A message has a
 * claim like that of a reply. Safe for use by many threads.
 */
public interface StoredMessageHandler {

	/**
	 * Returns the name of the application's handler for user messages. Requires that all
	 * singletons exist.
	 * @return a class or method; null if there is no handler
	 */
	@Nullable String name();

	/**
	 * Returns the executor on which to call the handler. It limits the number of
	 * concurrently handled messages of a user, together with the user's other messages.
	 * @param userId the user
	 * @param otherwise the executor to use if no limit applies
	 * @return the executor
	 */
	Executor executor(String userId, Executor otherwise);

	/**
	 * Handles a message and ends its claim in one transaction. Blocks until the
	 * application's handler returns.
	 * @param claim the claim
	 * @return whether this call handled the message; false if the claim had already ended
	 * or belongs to another node, and the transaction was rolled back
	 * @throws EventLogUnavailableException if Postgres does not answer, so that the
	 * message may be retried
	 */
	boolean handle(ClaimedReply claim);

	/**
	 * Returns whether a failure is permanent, so that the message must not be retried.
	 * @param failure the exception thrown by {@link #handle}
	 * @return the rejection to report to the client; null if a retry may succeed
	 */
	@Nullable MessageRejectedException rejection(Throwable failure);

	/**
	 * Logs a failure that was not caused by the client.
	 * @param what description of the failure, as a sentence
	 * @param failure the exception thrown by {@link #handle}
	 */
	void failed(String what, Throwable failure);

}
