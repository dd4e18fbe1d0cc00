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
	 * node, or the server stops; it should then close whatever it reads from. An error
	 * ends the reply as failed; its text is logged and not shown to the client.
	 * @param request what to answer
	 * @return the parts of the reply, in order
	 */
	Publisher<ReplyPart> generate(ReplyRequest request);

}
