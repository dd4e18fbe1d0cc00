package dev.resumablews.internal.handshake;

import org.jspecify.annotations.Nullable;

/**
 * A client is not let in. Has no stack trace, as a refusal is an answer and no error.
 */
public final class HandshakeRefusedException extends Exception {

	private final transient HandshakeRejection rejection;

	private final @Nullable String userId;

	HandshakeRefusedException(RejectionReason reason, @Nullable String text) {
		this(reason, text, null);
	}

	/**
	 * Creates a refusal.
	 * @param text why, for the client to read
	 * @param userId the user, if the token was verified
	 */
	HandshakeRefusedException(RejectionReason reason, @Nullable String text, @Nullable String userId) {
		super(text, null, false, false);
		this.rejection = new HandshakeRejection(reason, (text != null) ? text : reason.status().getReasonPhrase());
		this.userId = userId;
	}

	/**
	 * Returns why the client is not let in.
	 * @return the reason
	 */
	public RejectionReason reason() {
		return this.rejection.reason();
	}

	/**
	 * Returns who is not let in.
	 * @return the user; null if the token was not verified
	 */
	public @Nullable String userId() {
		return this.userId;
	}

	HandshakeRejection rejection() {
		return this.rejection;
	}

}
