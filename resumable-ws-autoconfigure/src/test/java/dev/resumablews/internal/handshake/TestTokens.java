package dev.resumablews.internal.handshake;

import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import org.jspecify.annotations.Nullable;

/**
 * Valid and invalid tokens.
 */
final class TestTokens {

	static final String SECRET = "a secret of tests, 32 bytes and some more";

	static final String OTHER_SECRET = "another secret of tests, also long enough";

	private TestTokens() {
	}

	static JWTClaimsSet.Builder claims(String user) {
		return new JWTClaimsSet.Builder().subject(user).expirationTime(in(Duration.ofMinutes(5)));
	}

	static Date in(Duration time) {
		return Date.from(Instant.now().plus(time));
	}

	static String of(String user) {
		return signed(claims(user), SECRET);
	}

	static String signed(JWTClaimsSet.Builder claims, String secret) {
		return signed(claims, secret, JWSAlgorithm.HS256);
	}

	static String signed(JWTClaimsSet.Builder claims, String secret, JWSAlgorithm algorithm) {
		try {
			return sign(claims, new JWSHeader(algorithm), new MACSigner(secret));
		}
		catch (JOSEException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Returns a signed token with claims that are not validated.
	 */
	static String ofJson(String claims) {
		try {
			JWSObject jws = new JWSObject(new JWSHeader(JWSAlgorithm.HS256), new Payload(claims));
			jws.sign(new MACSigner(SECRET));
			return jws.serialize();
		}
		catch (JOSEException ex) {
			throw new IllegalStateException(ex);
		}
	}

	static String unsigned(JWTClaimsSet.Builder claims) {
		return new PlainJWT(claims.build()).serialize();
	}

	static String signed(JWTClaimsSet.Builder claims, KeyPair keys, @Nullable String keyId) {
		return signed(claims, keys, keyId, new JOSEObjectType("at+jwt"));
	}

	static String signed(JWTClaimsSet.Builder claims, KeyPair keys, @Nullable String keyId, JOSEObjectType type) {
		JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.RS256).keyID(keyId).type(type).build();
		return sign(claims, header, new RSASSASigner(keys.getPrivate()));
	}

	static KeyPair rsaKeys() {
		try {
			KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
			generator.initialize(2048);
			return generator.generateKeyPair();
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	static String pem(KeyPair keys) {
		return "-----BEGIN PUBLIC KEY-----\n"
				+ Base64.getMimeEncoder(64, new byte[] { '\n' }).encodeToString(keys.getPublic().getEncoded())
				+ "\n-----END PUBLIC KEY-----\n";
	}

	static String jwkSet(KeyPair keys, String keyId) {
		return new JWKSet(new RSAKey.Builder((RSAPublicKey) keys.getPublic()).keyID(keyId).build()).toString();
	}

	private static String sign(JWTClaimsSet.Builder claims, JWSHeader header, JWSSigner signer) {
		try {
			SignedJWT jwt = new SignedJWT(header, claims.build());
			jwt.sign(signer);
			return jwt.serialize();
		}
		catch (JOSEException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
