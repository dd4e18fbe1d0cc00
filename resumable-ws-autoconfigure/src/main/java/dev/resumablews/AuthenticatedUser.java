package dev.resumablews;

import java.time.Instant;

import org.jspecify.annotations.Nullable;

/**
 * Who a client is. Immutable.
 *
 * @param userId the user's id: 1 to 255 UTF-16 units of well-formed text, not blank,
 * without control characters
 * @param expiresAt when the authentication ends and the connection is closed with
 * {@link CloseCode#UNAUTHORIZED}; null for never
 * @param tokenId what the user's login or token is known by, not blank, so that
 * {@link ResumableSessions#disconnectToken(String)} ends this login and no other; null if
 * it has no id
 */
public record AuthenticatedUser(String userId, @Nullable Instant expiresAt, @Nullable String tokenId) {

	public AuthenticatedUser {
		if (userId.isBlank() || userId.length() > 255) {
			throw new IllegalArgumentException("A user id must have 1 to 255 characters, not " + userId.length());
		}
		// Postgres stores no NUL, and its driver writes an unpaired surrogate as '?'
		if (userId.codePoints()
			.anyMatch((unit) -> Character.isISOControl(unit) || Character.getType(unit) == Character.SURROGATE)) {
			throw new IllegalArgumentException(
					"A user id must have neither control characters nor unpaired surrogates");
		}
		if (tokenId != null && tokenId.isBlank()) {
			throw new IllegalArgumentException("The id of a token must not be blank");
		}
	}

	/**
	 * Creates a user whose login has no id.
	 * @param userId the user's id
	 * @param expiresAt when the authentication ends; null for never
	 */
	public AuthenticatedUser(String userId, @Nullable Instant expiresAt) {
		this(userId, expiresAt, null);
	}

}
