package dev.resumablews;

import org.jspecify.annotations.Nullable;

/**
 * Thrown when a client cannot be authenticated. The exception message is sent to the
 * client, so it must not contain anything confidential.
 */
public class HandshakeAuthenticationException extends Exception {

	public HandshakeAuthenticationException(String message) {
		super(message);
	}

	public HandshakeAuthenticationException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
