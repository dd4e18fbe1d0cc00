package dev.resumablews.internal.handshake;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a request is rejected. Has no stack trace, because a rejection is an
 * expected outcome.
 */
public final class HandshakeRejectedException extends Exception {

	private final transient HandshakeRejection rejection;

	/**
	 * The user, if the token was verified.
	 */
	private final @Nullable String userId;

	HandshakeRejectedException(RejectionReason reason, @Nullable String text) {
		this(reason, text, null);
	}

	HandshakeRejectedException(RejectionReason reason, @Nullable String text, @Nullable String userId) {
		super(text, null, false, false);
		this.rejection = new HandshakeRejection(reason, (text != null) ? text : reason.status().getReasonPhrase());
		this.userId = userId;
	}

	/**
	 * Returns the response to send.
	 * @return the response
	 */
	public HandshakeRejection rejection() {
		return this.rejection;
	}

	/**
	 * Returns the rejected user.
	 * @return the user; null if the token was not verified
	 */
	public @Nullable String userId() {
		return this.userId;
	}

}
