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
 * Services of the node that runs a reply. Safe for use by many threads.
 */
interface ReplyContext {

	/**
	 * Returns the log with the conversation.
	 * @return the log
	 */
	EventLog log();

	/**
	 * Returns the settings of replies.
	 * @return the settings
	 */
	ReplySettings settings();

	/**
	 * Returns the executor on which the generator continues. Application code never runs
	 * on the library's other threads.
	 * @return the executor; rejects tasks after the node has stopped
	 */
	Executor executor();

	/**
	 * Runs application code that ends an activity, such as a cancellation, on a separate
	 * thread, so that a hanging generator does not delay it. Logs a failure.
	 * @param activity the activity, as the subject of a sentence, for the log
	 * @param callback the code to run
	 */
	void callBack(String activity, Runnable callback);

	/**
	 * Appends an event of a reply, provided that this node still owns the reply.
	 * @param claim the claim
	 * @param messageId the message of the event
	 * @param type the event's type
	 * @param payload returns its payload when it is written, or null for none
	 * @param ends whether the event ends the reply
	 * @param replaces the message whose deltas the event replaces
	 * @return as for {@link EventLog#append}
	 */
	CompletableFuture<AppendResult> append(ClaimedReply claim, UUID messageId, String type,
			Supplier<@Nullable String> payload, boolean ends, @Nullable UUID replaces);

	/**
	 * Called once when a reply has ended.
	 * @param reply the reply
	 * @param outcome the outcome; {@link #ABANDONED} if no event reports it
	 * @param duration duration of the reply
	 */
	void ended(Reply reply, String outcome, Duration duration);

	/**
	 * Outcome of a reply that ends without an event.
	 */
	String ABANDONED = "abandoned";

}
