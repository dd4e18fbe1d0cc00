package dev.resumablews.internal.handshake;

import java.time.Instant;
import java.util.List;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.HandshakeAuthenticationException;
import dev.resumablews.HandshakeAuthenticator;
import org.jspecify.annotations.Nullable;

import org.springframework.http.server.ServerHttpRequest;
import org.springframework.security.oauth2.core.OAuth2Error;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtValidationException;

/**
 * Authenticates clients by their JSON Web Token. Only the token of the first source that
 * has one is verified: if it is invalid, no other source is tried. Thread-safe.
 * <p>
 * Rejects invalid tokens. If a token cannot be verified because the issuer's keys are
 * unavailable, the decoder's exception propagates to the caller.
 */
final class JwtAuthenticator implements HandshakeAuthenticator {

	private static final int MAX_TOKEN_LENGTH = 16 * 1024;

	private final List<TokenSource> sources;

	private final JwtDecoder decoder;

	private final TokenRules rules;

	private final TokenAuthorities authorities;

	/**
	 * Creates an authenticator.
	 * @param sources the places to look for a token, in this order
	 * @param decoder verifies a token
	 * @param rules the rules that a verified token must satisfy
	 * @param authorities determines the authorities that a token grants
	 */
	JwtAuthenticator(List<TokenSource> sources, JwtDecoder decoder, TokenRules rules, TokenAuthorities authorities) {
		this.sources = List.copyOf(sources);
		this.decoder = decoder;
		this.rules = rules;
		this.authorities = authorities;
	}

	@Override
	public AuthenticatedUser authenticate(ServerHttpRequest request) throws HandshakeAuthenticationException {
		for (TokenSource source : this.sources) {
			String token = source.find(request);
			if (token != null) {
				return authenticate(token);
			}
		}
		throw new HandshakeAuthenticationException("Token missing");
	}

	@Override
	public AuthenticatedUser authenticate(String token) throws HandshakeAuthenticationException {
		Jwt verified = verify(token);
		AuthenticatedUser user = this.rules.userOf(verified, Instant.now()).withClaims(verified.getClaims());
		return this.authorities.addTo(user, verified);
	}

	private Jwt verify(String token) throws HandshakeAuthenticationException {
		if (token.isBlank() || token.length() > MAX_TOKEN_LENGTH) {
			throw new HandshakeAuthenticationException("Token invalid");
		}
		try {
			return this.decoder.decode(token);
		}
		catch (JwtValidationException ex) {
			throw new HandshakeAuthenticationException("Token not accepted: " + description(ex), ex);
		}
		catch (BadJwtException ex) {
			// its message may contain parts of the token
			throw new HandshakeAuthenticationException("Token invalid", ex);
		}
	}

	private static @Nullable String description(JwtValidationException ex) {
		OAuth2Error error = ex.getErrors().iterator().next();
		return (error.getDescription() != null) ? error.getDescription() : error.getErrorCode();
	}

}
