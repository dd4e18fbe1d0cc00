package dev.resumablews.internal.handshake;

import org.jspecify.annotations.Nullable;

/**
 * The application cannot start because it does not say, or says wrongly, how clients are
 * authenticated.
 */
final class JwtSetupException extends RuntimeException {

	private final String action;

	JwtSetupException(String description, String action) {
		this(description, action, null);
	}

	JwtSetupException(String description, String action, @Nullable Throwable cause) {
		super(description, cause);
		this.action = action;
	}

	/**
	 * Returns what to do about it.
	 * @return what to do, in one sentence
	 */
	String action() {
		return this.action;
	}

}
