package dev.resumablews.internal.log;

/**
 * Thrown when an event of a reply or a relay is rejected because the reply or relay has
 * ended or was claimed again.
 */
public final class FencedException extends RuntimeException {

	FencedException(AppendRequest.ReplyEvent event) {
		super("The reply to event %d of session %s was claimed again or has ended".formatted(event.inReplyTo(),
				event.sessionId()));
	}

	FencedException(AppendRequest.RelayEvent event) {
		super("Relay '%s' of session %s was claimed again, has ended, or has another message to forward"
			.formatted(event.relay(), event.sessionId()));
	}

}
