package com.example.chat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;

/**
 * Issues the tokens that the WebSocket endpoint verifies with the same secret. Safe for
 * use by many threads.
 */
final class AccessTokens {

	private final MACSigner signer;

	private final Duration lifetime;

	/**
	 * Creates an issuer.
	 * @param secret the secret, at least 32 bytes
	 * @param lifetime time until a token expires
	 */
	AccessTokens(String secret, Duration lifetime) {
		try {
			this.signer = new MACSigner(secret.getBytes(StandardCharsets.UTF_8));
		}
		catch (JOSEException ex) {
			throw new IllegalArgumentException(TokenSecretFile.PROPERTY + " must have at least 32 bytes", ex);
		}
		this.lifetime = lifetime;
	}

	AccessToken issue(String userId) {
		Instant now = Instant.now();
		Instant expiresAt = now.plus(this.lifetime);
		JWTClaimsSet claims = new JWTClaimsSet.Builder().subject(userId)
			.issueTime(Date.from(now))
			.expirationTime(Date.from(expiresAt))
			.build();
		SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
		try {
			token.sign(this.signer);
		}
		catch (JOSEException ex) {
			throw new IllegalStateException("Cannot sign a token", ex);
		}
		return new AccessToken(token.serialize(), this.lifetime.toSeconds());
	}

	/**
	 * A token for a client.
	 *
	 * @param token the JWT
	 * @param expiresInSeconds time until it expires, which, unlike an instant, means the
	 * same to a client whose clock is wrong
	 */
	record AccessToken(String token, long expiresInSeconds) {
	}

}
