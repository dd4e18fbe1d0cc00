package dev.resumablews.internal.reply;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ReplyRequest;
import org.reactivestreams.Publisher;

/**
 * A generator that reports signs of life that are no parts, such as the bytes of a
 * keep-alive comment.
 */
public interface LiveReplyGenerator extends ReplyGenerator {

	/**
	 * Begins a reply as {@link ReplyGenerator#generate(ReplyRequest)} does.
	 * @param request what to answer
	 * @param alive may be run at any time on any thread; does not block
	 * @return the parts of the reply, in order
	 */
	Publisher<ReplyPart> generate(ReplyRequest request, Runnable alive);

	@Override
	default Publisher<ReplyPart> generate(ReplyRequest request) {
		return generate(request, () -> {
		});
	}

}
