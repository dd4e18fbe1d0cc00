package dev.resumablews.test.client;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;

/**
 * Issuer of JSON Web Tokens, signed with HS256, for a server that verifies them with
 * {@code resumable-ws.auth.jwt.secret}. Tokens expire one hour after they are issued,
 * unless a method says otherwise. Immutable and safe for use by many threads.
 */
public final class TestTokens {

	private static final Duration LIFETIME = Duration.ofHours(1);

	private final String secret;

	private final Consumer<Map<String, Object>> defaults;

	private TestTokens(String secret, Consumer<Map<String, Object>> defaults) {
		this.secret = secret;
		this.defaults = defaults;
	}

	/**
	 * Returns an issuer.
	 * @param secret the secret, at least 32 bytes in UTF-8
	 * @return the issuer
	 */
	public static TestTokens signedWith(String secret) {
		return new TestTokens(secret, (claims) -> {
		});
	}

	/**
	 * Returns an issuer that adds a claim to each token.
	 * @param name the claim's name, such as {@code aud}
	 * @param value the claim's value
	 * @return another issuer
	 */
	public TestTokens withClaim(String name, Object value) {
		return new TestTokens(this.secret, this.defaults.andThen((claims) -> claims.put(name, value)));
	}

	/**
	 * Issues a token that is valid.
	 * @param userId the user's id, which becomes the claim {@code sub}
	 * @return the token
	 */
	public String forUser(String userId) {
		return forUser(userId, (claims) -> {
		});
	}

	/**
	 * Issues a token with claims of the caller's choice.
	 * @param userId the user's id, which becomes the claim {@code sub}
	 * @param customizer adds, replaces and removes claims; times are of type
	 * {@link Instant}
	 * @return the token
	 */
	public String forUser(String userId, Consumer<Map<String, Object>> customizer) {
		return sign(claims(userId, customizer), this.secret);
	}

	/**
	 * Issues a token with an expiry time.
	 * @param userId the user's id
	 * @param expiresAt the time, which may have passed
	 * @return the token
	 */
	public String expiringAt(String userId, Instant expiresAt) {
		return forUser(userId, (claims) -> claims.put("exp", expiresAt));
	}

	/**
	 * Issues a token that expired an hour ago.
	 * @param userId the user's id
	 * @return the token
	 */
	public String expired(String userId) {
		return expiringAt(userId, Instant.now().minus(LIFETIME));
	}

	/**
	 * Issues a token that is signed with another secret.
	 * @param userId the user's id
	 * @return the token
	 */
	public String forged(String userId) {
		return sign(claims(userId, (claims) -> {
		}), "another secret than " + this.secret);
	}

	/**
	 * Issues a token with the algorithm {@code none} and no signature.
	 * @param userId the user's id
	 * @return the token
	 */
	public String unsigned(String userId) {
		return new PlainJWT(claims(userId, (claims) -> {
		})).serialize();
	}

	private JWTClaimsSet claims(String userId, Consumer<Map<String, Object>> customizer) {
		Instant now = Instant.now();
		Map<String, Object> claims = new LinkedHashMap<>();
		claims.put("sub", userId);
		claims.put("iat", now);
		claims.put("exp", now.plus(LIFETIME));
		this.defaults.andThen(customizer).accept(claims);
		JWTClaimsSet.Builder builder = new JWTClaimsSet.Builder();
		claims.forEach(
				(name, value) -> builder.claim(name, (value instanceof Instant instant) ? Date.from(instant) : value));
		return builder.build();
	}

	private static String sign(JWTClaimsSet claims, String secret) {
		try {
			SignedJWT jwt = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
			jwt.sign(new MACSigner(secret.getBytes(StandardCharsets.UTF_8)));
			return jwt.serialize();
		}
		catch (JOSEException ex) {
			throw new IllegalArgumentException("The secret cannot sign with HS256", ex);
		}
	}

}
