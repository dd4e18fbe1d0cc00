package dev.resumablews.internal.status;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * State of the replies.
 *
 * @param answeredBy what answers user messages on this node: the bean that generates
 * replies, or the class or method that handles the messages; null if they are only stored
 * @param running replies that run on this node
 * @param waiting replies that wait for their turn on all nodes, as far as this node knew
 * when it last claimed; counted up to one more than may wait
 * @param sinceRenewal how long ago the oldest lease of this node began; null if no reply
 * runs here
 * @param lease how long a lease lasts
 */
public record ReplyStatus(@Nullable String answeredBy, int running, int waiting, @Nullable Duration sinceRenewal,
		Duration lease) {

	/**
	 * The replies. Safe for use by many threads; does not block.
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
