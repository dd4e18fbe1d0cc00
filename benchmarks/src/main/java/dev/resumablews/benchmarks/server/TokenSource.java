package dev.resumablews.benchmarks.server;

import org.reactivestreams.Publisher;

/**
 * Source of the tokens of a reply.
 */
@FunctionalInterface
interface TokenSource {

	/**
	 * Returns the tokens of the reply to a user message.
	 * @param content content of the message, a {@code ReplyOrder}
	 * @return the tokens, for one subscriber
	 */
	Publisher<String> tokens(String content);

}
