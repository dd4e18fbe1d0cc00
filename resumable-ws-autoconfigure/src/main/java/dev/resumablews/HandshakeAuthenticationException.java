package dev.resumablews;

import org.jspecify.annotations.Nullable;

/**
 * A client is not who it claims to be, or claims nothing. The message is sent to the
 * client, so it must hold nothing secret.
 */
public class HandshakeAuthenticationException extends Exception {

	public HandshakeAuthenticationException(String message) {
		super(message);
	}

	public HandshakeAuthenticationException(String message, @Nullable Throwable cause) {
		super(message, cause);
	}

}
