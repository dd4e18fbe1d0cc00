package dev.resumablews.internal.handshake;

import dev.resumablews.internal.failure.ResumableWsConfigurationException;
import org.jspecify.annotations.Nullable;

/**
 * Thrown at start-up when it is not, or wrongly, configured how clients are
 * authenticated.
 */
final class JwtSetupException extends ResumableWsConfigurationException {

	JwtSetupException(String description, String action) {
		this(description, action, null);
	}

	JwtSetupException(String description, String action, @Nullable Throwable cause) {
		super(description, action, cause);
	}

}
