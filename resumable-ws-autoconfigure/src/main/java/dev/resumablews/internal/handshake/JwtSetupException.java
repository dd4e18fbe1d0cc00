package dev.resumablews.internal.handshake;

import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import org.jspecify.annotations.Nullable;

/**
 * Thrown at start-up when the authentication of clients is missing or misconfigured.
 */
final class JwtSetupException extends ResumableWsConfigurationException {

	JwtSetupException(String description, String action) {
		this(description, action, null);
	}

	JwtSetupException(String description, String action, @Nullable Throwable cause) {
		super(description, action, cause);
	}

}
