package dev.resumablews.internal.reply;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

import dev.resumablews.internal.log.AppendResult;
import dev.resumablews.internal.log.EventLog;
import dev.resumablews.internal.reply.JdbcReplyQueue.ClaimedReply;
import org.jspecify.annotations.Nullable;

/**
 * What a reply needs of the node that runs it. Safe for use by many threads.
 */
interface ReplyContext {

	/**
	 * Returns the log that the conversation is read from.
	 * @return the log
	 */
	EventLog log();

	/**
	 * Returns the bounds of replies.
	 * @return the settings
	 */
	ReplySettings settings();

	/**
	 * Returns what runs the generator when it is to continue. Code of the application
	 * never runs on a thread of the library's.
	 * @return the executor; rejects what comes when the node has stopped
	 */
	Executor executor();

	/**
	 * Runs code of the application that ends something, such as a cancellation, apart
	 * from the caller's thread. It does not wait for a generator that hangs. A failure is
	 * logged.
	 * @param activity what it does, as the subject of a sentence, for the log
	 * @param callback what to run
	 */
	void callBack(String activity, Runnable callback);

	/**
	 * Appends an event of a reply, provided that the reply is still this node's.
	 * @param claim the claim
	 * @param messageId the message that the event belongs to
	 * @param type the event's type
	 * @param payload its payload, called when it is written; null for none
	 * @param ends whether the reply ends with it
	 * @param replaces the message whose deltas the event replaces
	 * @return as for {@link EventLog#append}
	 */
	CompletableFuture<AppendResult> append(ClaimedReply claim, UUID messageId, String type,
			Supplier<@Nullable String> payload, boolean ends, @Nullable UUID replaces);

	/**
	 * Notes that a reply has ended. Called once for each reply.
	 * @param reply the reply
	 * @param outcome how it ended, {@link #ABANDONED} if it appends no event that says so
	 * @param duration how long it took
	 */
	void ended(Reply reply, String outcome, Duration duration);

	/**
	 * Outcome of a reply that ends without an event.
	 */
	String ABANDONED = "abandoned";

}
