package dev.resumablews.internal.handshake;

import org.jspecify.annotations.Nullable;

/**
 * A request is refused. That is an answer and not an error, so there is no stack trace.
 */
public final class HandshakeRefusedException extends Exception {

	private final transient HandshakeRejection rejection;

	/**
	 * The user, if the token was verified.
	 */
	private final @Nullable String userId;

	HandshakeRefusedException(RejectionReason reason, @Nullable String text) {
		this(reason, text, null);
	}

	HandshakeRefusedException(RejectionReason reason, @Nullable String text, @Nullable String userId) {
		super(text, null, false, false);
		this.rejection = new HandshakeRejection(reason, (text != null) ? text : reason.status().getReasonPhrase());
		this.userId = userId;
	}

	/**
	 * Returns what to answer.
	 * @return the answer
	 */
	public HandshakeRejection rejection() {
		return this.rejection;
	}

	@Nullable String userId() {
		return this.userId;
	}

}
