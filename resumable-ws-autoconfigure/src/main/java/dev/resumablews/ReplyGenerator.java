package dev.resumablews;

import org.reactivestreams.Publisher;

/**
 * Generates the reply to a {@code user_message}. Define a bean of this type to replace
 * the default, which calls Spring AI's {@code ChatClient}.
 */
@FunctionalInterface
public interface ReplyGenerator {

	/**
	 * Starts a reply, or a further attempt after a takeover; effects of earlier attempts
	 * outside the log may therefore be repeated. The publisher is subscribed to once, on
	 * a thread that may block. Demand follows the speed of the event log. The
	 * subscription is cancelled if the reply is cancelled, exceeds its time limit or is
	 * taken over, or if the server stops; the publisher should then close its source.
	 * Cancellation happens on a separate thread that may block.
	 * <p>
	 * A part with a finish reason completes the reply. Later parts, such as token counts,
	 * are awaited only briefly, and later errors are ignored. A publisher that completes
	 * after some text without a finish reason ends with {@code stop}. A publisher that
	 * completes without any text, or signals an error before the finish reason, fails the
	 * reply. The error's type is logged, its message at DEBUG only; neither is sent to
	 * the client.
	 * @param request the conversation to answer
	 * @return the parts of the reply, in order
	 */
	Publisher<ReplyPart> generate(ReplyRequest request);

}
