package dev.resumablews.internal.status;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * State of the replies.
 *
 * @param answeredBy the name of the component that answers user messages on this node:
 * the bean that generates replies, or the class or method that handles the messages; null
 * if they are only stored
 * @param running the number of replies that run on this node
 * @param waiting the number of queued replies on all nodes when this node last claimed
 * replies, counted up to the limit plus one
 * @param sinceRenewal the time since the oldest lease of this node was renewed; null if
 * no reply runs here
 * @param lease the duration of a lease
 */
public record ReplyStatus(@Nullable String answeredBy, int running, int waiting, @Nullable Duration sinceRenewal,
		Duration lease) {

	/**
	 * Source of the status. Safe for use by multiple threads; does not block.
	 */
	@FunctionalInterface
	public interface Source {

		/**
		 * Returns the state of the replies.
		 * @return the state
		 */
		ReplyStatus replies();

	}

}
