package dev.resumablews.internal.log;

/**
 * An event of a reply or a relay was refused, because that has ended, or another claim of
 * it was made.
 */
public final class FencedException extends RuntimeException {

	FencedException(AppendRequest.ReplyEvent event) {
		super("The reply to event %d of session %s was claimed again, or has ended".formatted(event.inReplyTo(),
				event.sessionId()));
	}

	FencedException(AppendRequest.RelayEvent event) {
		super("Relay '%s' of session %s was claimed again, or has ended, or has another message to forward"
			.formatted(event.relay(), event.sessionId()));
	}

}
