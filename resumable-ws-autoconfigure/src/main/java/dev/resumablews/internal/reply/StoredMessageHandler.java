package dev.resumablews.internal.reply;

import java.util.concurrent.Executor;

import dev.resumablews.EventLogUnavailableException;
import dev.resumablews.MessageRejectedException;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import org.jspecify.annotations.Nullable;

/**
 * Handles stored user messages instead of a generator. A message has a claim like that of
 * a reply. Safe for use by many threads.
 */
public interface StoredMessageHandler {

	/**
	 * Returns the name of the application's handler. Known when all singletons are there.
	 * @return a class or method; null if the application has no handler of user messages
	 */
	@Nullable String name();

	/**
	 * Returns what calls the handler. It bounds how many messages of a user are handled
	 * at a time, together with the user's other messages.
	 * @param userId the user
	 * @param otherwise what to use if nothing else bounds them
	 * @return the executor
	 */
	Executor executor(String userId, Executor otherwise);

	/**
	 * Handles a message and ends its claim, in one transaction: both are kept, or
	 * neither. Blocks for as long as the application wants.
	 * @param claim the claim
	 * @return whether this call handled the message; false if the claim had ended before,
	 * or is another node's, and nothing is kept
	 * @throws EventLogUnavailableException if Postgres does not answer, so that it may be
	 * tried again
	 */
	boolean handle(ClaimedReply claim);

	/**
	 * Returns whether a message is never to be handled again.
	 * @param failure what {@link #handle} has thrown
	 * @return what the client gets to read; null if another attempt may succeed
	 */
	@Nullable MessageRejectedException rejection(Throwable failure);

	/**
	 * Logs a failure that is not the fault of the client.
	 * @param what what has failed, as a sentence
	 * @param failure what {@link #handle} has thrown
	 */
	void failed(String what, Throwable failure);

}
