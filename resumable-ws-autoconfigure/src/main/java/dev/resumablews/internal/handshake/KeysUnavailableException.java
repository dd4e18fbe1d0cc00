package dev.resumablews.internal.handshake;

import com.nimbusds.jose.KeySourceException;

import org.springframework.security.oauth2.jwt.JwtException;

/**
 * The keys that tokens are verified with cannot be fetched. Its text is about the keys,
 * not about a token.
 */
final class KeysUnavailableException extends JwtException implements SafeToLog {

	private final String description;

	KeysUnavailableException(KeySourceException cause) {
		super("The keys of tokens are not available", cause);
		this.description = String.valueOf(cause.getMessage());
	}

	@Override
	public String description() {
		return this.description;
	}

}
