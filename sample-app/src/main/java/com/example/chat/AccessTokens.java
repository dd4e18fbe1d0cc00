package com.example.chat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;

import javax.crypto.spec.SecretKeySpec;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.security.oauth2.jwt.JwtClaimsSet;
import org.springframework.security.oauth2.jwt.JwtEncoder;
import org.springframework.security.oauth2.jwt.JwtEncoderParameters;
import org.springframework.security.oauth2.jwt.NimbusJwtEncoder;
import org.springframework.stereotype.Component;

/**
 * Issues the tokens that the WebSocket endpoint verifies with the same secret. Safe for
 * use by many threads.
 */
@Component
final class AccessTokens {

	private final JwtEncoder encoder;

	/**
	 * Creates an issuer.
	 * @param secret the secret, at least 32 bytes
	 */
	AccessTokens(@Value("${" + TokenSecretFile.PROPERTY + "}") String secret) {
		this.encoder = NimbusJwtEncoder
			.withSecretKey(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"))
			.build();
	}

	/**
	 * Issues a token.
	 * @param userId the user
	 * @param lifetime time until it expires
	 * @return the JWT
	 */
	String issue(String userId, Duration lifetime) {
		Instant now = Instant.now();
		JwtClaimsSet claims = JwtClaimsSet.builder()
			.subject(userId)
			.issuedAt(now)
			.expiresAt(now.plus(lifetime))
			.build();
		return this.encoder.encode(JwtEncoderParameters.from(claims)).getTokenValue();
	}

}
