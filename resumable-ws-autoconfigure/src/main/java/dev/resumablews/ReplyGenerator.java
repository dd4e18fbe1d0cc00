package dev.resumablews;

import org.reactivestreams.Publisher;

/**
 * Answers a {@code user_message}. Define a bean of it to replace the one that asks Spring
 * AI's {@code ChatClient}.
 */
@FunctionalInterface
public interface ReplyGenerator {

	/**
	 * Begins a reply, or another attempt at one whose node is gone: what an attempt does
	 * elsewhere may be done again. The publisher is subscribed to once, on a thread that
	 * may block. It is asked for more only as fast as the event log takes it, and is
	 * cancelled when the reply is cancelled, takes too long, is taken over by another
	 * node, or the server stops; it should then close whatever it reads from. A
	 * cancellation comes on a thread of its kind, which may block.
	 * <p>
	 * A part with a finish reason completes the answer: what follows, such as token
	 * counts, is waited for only for a short time, and an error does not change it. A
	 * publisher that completes after some text and without a finish reason has ended with
	 * {@code stop}. One that completes with neither fails the reply, as an error before
	 * the finish reason does. The type of an error is logged, and its message at the
	 * level DEBUG; the client is shown neither.
	 * @param request what to answer
	 * @return the parts of the reply, in order
	 */
	Publisher<ReplyPart> generate(ReplyRequest request);

}
