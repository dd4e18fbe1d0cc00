package com.example.chat;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;

import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs texts for one purpose. The key is derived from the secret and the purpose, so
 * that a signature is valid for one purpose only. Safe for use by many threads.
 */
final class Signature {

	private static final String ALGORITHM = "HmacSHA256";

	private final SecretKeySpec key;

	Signature(String secret, String purpose) {
		this.key = key(sign(key(bytes(secret)), purpose));
	}

	String of(String text) {
		return Base64.getUrlEncoder().withoutPadding().encodeToString(sign(this.key, text));
	}

	/**
	 * Returns whether a signature is valid for a text, comparing in constant time.
	 */
	boolean matches(String text, String signature) {
		return MessageDigest.isEqual(bytes(of(text)), bytes(signature));
	}

	private static SecretKeySpec key(byte[] key) {
		return new SecretKeySpec(key, ALGORITHM);
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
