package dev.resumablews.internal.handshake;

import com.nimbusds.jose.KeySourceException;

import org.springframework.security.oauth2.jwt.JwtException;

/**
 * Thrown when the keys that verify tokens cannot be fetched. Its message contains nothing
 * of a token.
 */
final class KeysUnavailableException extends JwtException implements SafeToLog {

	private final String description;

	KeysUnavailableException(KeySourceException cause) {
		super("The keys that verify tokens are unavailable", cause);
		this.description = String.valueOf(cause.getMessage());
	}

	@Override
	public String description() {
		return this.description;
	}

}
