package dev.resumablews.testing;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.function.Consumer;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;

/**
 * JSON Web Tokens for tests, signed with HS256. They expire after an hour unless it is
 * said otherwise.
 */
public final class Tokens {

	/**
	 * The secret that good tokens are signed with, for
	 * {@code resumable-ws.auth.jwt.secret}.
	 */
	public static final String SECRET = "a secret of the tests, longer than 32 bytes";

	private Tokens() {
	}

	/**
	 * Makes a good token.
	 * @param user its subject
	 * @return the token
	 */
	public static String forUser(String user) {
		return with(user, (claims) -> {
		});
	}

	public static String expiring(String user, Instant expiresAt) {
		return with(user, (claims) -> claims.expirationTime(Date.from(expiresAt)));
	}

	public static String forAudience(String user, String audience) {
		return with(user, (claims) -> claims.audience(audience));
	}

	/**
	 * Makes a token with claims of the caller's choice.
	 * @param user its subject
	 * @param more sets further claims, or other values
	 * @return the token
	 */
	public static String with(String user, Consumer<JWTClaimsSet.Builder> more) {
		return sign(claims(user, more), SECRET);
	}

	/**
	 * Makes a token that is good but for its signature, made with another secret.
	 * @param user its subject
	 * @return the token
	 */
	public static String forged(String user) {
		return sign(claims(user, (claims) -> {
		}), "another secret, also longer than 32 bytes");
	}

	/**
	 * Makes a token that says {@code "alg": "none"} and has no signature.
	 * @param user its subject
	 * @return the token
	 */
	public static String unsigned(String user) {
		return new PlainJWT(claims(user, (claims) -> {
		})).serialize();
	}

	private static JWTClaimsSet claims(String user, Consumer<JWTClaimsSet.Builder> more) {
		Instant now = Instant.now();
		JWTClaimsSet.Builder claims = new JWTClaimsSet.Builder().subject(user)
			.issueTime(Date.from(now))
			.expirationTime(Date.from(now.plusSeconds(3600)));
		more.accept(claims);
		return claims.build();
	}

	private static String sign(JWTClaimsSet claims, String secret) {
		try {
			SignedJWT jwt = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
			jwt.sign(new MACSigner(secret.getBytes(StandardCharsets.UTF_8)));
			return jwt.serialize();
		}
		catch (JOSEException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
