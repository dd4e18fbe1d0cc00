package dev.resumablews.internal.log;

import java.util.UUID;

/**
 * An event of a reply was refused, because the reply has ended, or somebody else has
 * claimed it.
 */
public final class FencedException extends RuntimeException {

	FencedException(UUID sessionId, ReplyStep step) {
		super("The reply to event %d of session %s is not this node's any more".formatted(step.inReplyTo(), sessionId));
	}

}
