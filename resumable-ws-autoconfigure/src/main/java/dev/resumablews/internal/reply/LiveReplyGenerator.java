package dev.resumablews.internal.reply;

import dev.resumablews.ReplyGenerator;
import dev.resumablews.ReplyPart;
import dev.resumablews.ReplyRequest;
import org.reactivestreams.Publisher;

/**
 * {@link ReplyGenerator} that also reports activity other than parts, such as keep-alive
 * comments.
 */
public interface LiveReplyGenerator extends ReplyGenerator {

	/**
	 * Starts a reply like {@link ReplyGenerator#generate(ReplyRequest)}.
	 * @param request the conversation to answer
	 * @param alive reports activity; may be run at any time on any thread; does not block
	 * @return the parts of the reply, in order
	 */
	Publisher<ReplyPart> generate(ReplyRequest request, Runnable alive);

	@Override
	default Publisher<ReplyPart> generate(ReplyRequest request) {
		return generate(request, () -> {
		});
	}

}
