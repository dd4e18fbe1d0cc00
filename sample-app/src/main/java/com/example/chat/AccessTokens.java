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

import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Issues the tokens that the WebSocket endpoint verifies with the same secret. Safe for
 * use by many threads.
 */
@Component
final class AccessTokens {

	private final MACSigner signer;

	/**
	 * Creates an issuer.
	 * @param secret the secret, at least 32 bytes
	 */
	AccessTokens(@Value("${" + TokenSecretFile.PROPERTY + "}") String secret) {
		try {
			this.signer = new MACSigner(secret.getBytes(StandardCharsets.UTF_8));
		}
		catch (JOSEException ex) {
			throw new IllegalArgumentException(TokenSecretFile.PROPERTY + " must have at least 32 bytes", ex);
		}
	}

	/**
	 * Issues a token.
	 * @param userId the user
	 * @param lifetime time until it expires
	 * @return the JWT
	 */
	String issue(String userId, Duration lifetime) {
		Instant now = Instant.now();
		JWTClaimsSet claims = new JWTClaimsSet.Builder().subject(userId)
			.issueTime(Date.from(now))
			.expirationTime(Date.from(now.plus(lifetime)))
			.build();
		SignedJWT token = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
		try {
			token.sign(this.signer);
		}
		catch (JOSEException ex) {
			throw new IllegalStateException("Cannot sign a token", ex);
		}
		return token.serialize();
	}

}
