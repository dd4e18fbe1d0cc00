package dev.resumablews.internal.log;

/**
 * An event of a reply was refused, because the reply has ended, or another claim of it
 * was made.
 */
public final class FencedException extends RuntimeException {

	FencedException(AppendRequest.ReplyEvent event) {
		super("The reply to event %d of session %s was claimed again, or has ended".formatted(event.inReplyTo(),
				event.sessionId()));
	}

}
