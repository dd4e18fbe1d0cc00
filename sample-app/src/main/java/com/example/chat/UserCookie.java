package com.example.chat;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The value of the cookie that makes a browser the same user tomorrow: a user id and a
 * signature of it, {@code <id>.<signature>}. Nobody without the secret can make one, and
 * it is no token that the WebSocket endpoint would accept. Safe for use by many threads.
 */
final class UserCookie {

	private static final String ALGORITHM = "HmacSHA256";

	private final SecretKeySpec key;

	UserCookie(String secret) {
		// a key of the cookie's own, so that a signature made for one purpose is worth
		// nothing for the other
		byte[] derived = sign(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), ALGORITHM), "user cookie");
		this.key = new SecretKeySpec(derived, ALGORITHM);
	}

	String valueFor(UUID userId) {
		return userId + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(sign(this.key, userId.toString()));
	}

	/**
	 * Returns the user that a cookie is of.
	 * @param value the cookie's value
	 * @return the user, or empty if the cookie was not made here
	 */
	Optional<UUID> userOf(String value) {
		try {
			UUID userId = UUID.fromString(value.substring(0, Math.max(0, value.indexOf('.'))));
			return MessageDigest.isEqual(bytes(valueFor(userId)), bytes(value)) ? Optional.of(userId)
					: Optional.empty();
		}
		catch (IllegalArgumentException ex) {
			return Optional.empty();
		}
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

	private static byte[] sign(SecretKeySpec key, String text) {
		try {
			Mac mac = Mac.getInstance(ALGORITHM);
			mac.init(key);
			return mac.doFinal(bytes(text));
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("Every Java platform has " + ALGORITHM, ex);
		}
	}

}
