package dev.resumablews.testing;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Map;
import java.util.UUID;

import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;

import dev.resumablews.PayloadCodec;

/**
 * The codec that docs/architecture.md shows.
 */
public final class AesGcmPayloadCodec implements PayloadCodec {

	private static final int IV_BYTES = 12;

	private static final int TAG_BITS = 128;

	private final Map<String, SecretKey> keys;

	private final String newest;

	private final SecureRandom random = new SecureRandom();

	/**
	 * @param keys AES keys of 256 bits, by an id without a dot
	 * @param newest id of the key that is used from now on
	 */
	public AesGcmPayloadCodec(Map<String, SecretKey> keys, String newest) {
		this.keys = Map.copyOf(keys);
		this.newest = newest;
	}

	@Override
	public String encode(UUID sessionId, String type, String payload) {
		byte[] iv = new byte[IV_BYTES];
		this.random.nextBytes(iv);
		byte[] text = payload.getBytes(StandardCharsets.UTF_8);
		byte[] encrypted = run(Cipher.ENCRYPT_MODE, this.newest, iv, sessionId, type, ByteBuffer.wrap(text));
		byte[] all = ByteBuffer.allocate(IV_BYTES + encrypted.length).put(iv).put(encrypted).array();
		return this.newest + "." + Base64.getEncoder().encodeToString(all);
	}

	@Override
	public String decode(UUID sessionId, String type, String encoded) {
		int dot = encoded.indexOf('.');
		ByteBuffer all = ByteBuffer.wrap(Base64.getDecoder().decode(encoded.substring(dot + 1)));
		byte[] iv = new byte[IV_BYTES];
		all.get(iv);
		byte[] text = run(Cipher.DECRYPT_MODE, encoded.substring(0, dot), iv, sessionId, type, all);
		return new String(text, StandardCharsets.UTF_8);
	}

	private byte[] run(int mode, String keyId, byte[] iv, UUID sessionId, String type, ByteBuffer input) {
		SecretKey key = this.keys.get(keyId);
		if (key == null) {
			throw new IllegalStateException("There is no key with the id of the event");
		}
		try {
			Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding"); // not safe for
																		// several threads
			cipher.init(mode, key, new GCMParameterSpec(TAG_BITS, iv));
			cipher.updateAAD((sessionId + " " + type).getBytes(StandardCharsets.UTF_8));
			byte[] output = new byte[cipher.getOutputSize(input.remaining())];
			cipher.doFinal(input, ByteBuffer.wrap(output));
			return output;
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
