package dev.resumablews.internal.presence;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/**
 * Identifies a disconnected user or token by 16 bytes, because user and token ids have
 * any length and may contain any character. Stateless.
 */
public final class DisconnectKey {

	private DisconnectKey() {
	}

	/**
	 * Returns the key of a user.
	 * @param userId the user's id
	 * @return a hash of it
	 */
	public static UUID ofUser(String userId) {
		return hash("user " + userId);
	}

	/**
	 * Returns the key of a token.
	 * @param tokenId the token's id
	 * @return a hash of it, distinct from that of any user
	 */
	public static UUID ofToken(String tokenId) {
		return hash("token " + tokenId);
	}

	private static UUID hash(String text) {
		try {
			ByteBuffer hash = ByteBuffer
				.wrap(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
			return new UUID(hash.getLong(), hash.getLong());
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException("SHA-256 is not available", ex);
		}
	}

}
