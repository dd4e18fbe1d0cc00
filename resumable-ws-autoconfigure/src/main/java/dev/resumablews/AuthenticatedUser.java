package dev.resumablews;

import java.security.Principal;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * The authenticated user of a client, with authorities and claims. Immutable, provided
 * that the claim values and the principal are not modified.
 * <p>
 * {@link #toString()} contains only the user id and the expiry, so it is safe to log.
 *
 * @param userId the user's id: 1 to 255 UTF-16 units of well-formed text, not blank,
 * without control characters
 * @param expiresAt the time at which the authentication expires and the connection is
 * closed with {@link CloseCode#UNAUTHORIZED}; null for no expiry
 * @param tokenId the id of the user's login or token, not blank, which
 * {@link ResumableSessions#disconnectToken(String)} takes to end only this login; null if
 * it has no id
 * @param authorities the granted authorities, such as {@code ROLE_ADMIN} or {@code
 * SCOPE_chat}; unmodifiable, may be empty
 * @param claims the claims of the token, by name; unmodifiable, empty if there is no
 * token
 * @param principal the authentication of Spring Security or the servlet container that
 * the user was derived from; null if there is none
 */
public record AuthenticatedUser(String userId, @Nullable Instant expiresAt, @Nullable String tokenId,
		Set<String> authorities, Map<String, Object> claims, @Nullable Principal principal) {

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
		authorities = authorities.isEmpty() ? Set.of() : Collections.unmodifiableSet(new LinkedHashSet<>(authorities));
		claims = claims.isEmpty() ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(claims));
	}

	/**
	 * Creates a user without authorities, claims and principal.
	 * @param userId the user's id
	 * @param expiresAt the time at which the authentication expires; null for no expiry
	 * @param tokenId the id of the login or token; null if it has no id
	 */
	public AuthenticatedUser(String userId, @Nullable Instant expiresAt, @Nullable String tokenId) {
		this(userId, expiresAt, tokenId, Set.of(), Map.of(), null);
	}

	/**
	 * Creates a user whose login has no id.
	 * @param userId the user's id
	 * @param expiresAt the time at which the authentication expires; null for no expiry
	 */
	public AuthenticatedUser(String userId, @Nullable Instant expiresAt) {
		this(userId, expiresAt, null);
	}

	/**
	 * Returns a copy of this user with the given authorities.
	 * @param authorities the granted authorities
	 * @return the user
	 */
	public AuthenticatedUser withAuthorities(Collection<String> authorities) {
		return new AuthenticatedUser(this.userId, this.expiresAt, this.tokenId, new LinkedHashSet<>(authorities),
				this.claims, this.principal);
	}

	/**
	 * Returns a copy of this user with the given claims.
	 * @param claims the claims of the token, by name
	 * @return the user
	 */
	public AuthenticatedUser withClaims(Map<String, ?> claims) {
		return new AuthenticatedUser(this.userId, this.expiresAt, this.tokenId, this.authorities,
				new LinkedHashMap<>(claims), this.principal);
	}

	/**
	 * Returns a copy of this user with the given principal.
	 * @param principal the authentication that the user was derived from; null for none
	 * @return the user
	 */
	public AuthenticatedUser withPrincipal(@Nullable Principal principal) {
		return new AuthenticatedUser(this.userId, this.expiresAt, this.tokenId, this.authorities, this.claims,
				principal);
	}

	/**
	 * Returns the user id and the expiry. Claims and principal may contain secrets and
	 * are omitted.
	 */
	@Override
	public String toString() {
		return "AuthenticatedUser[userId=%s, expiresAt=%s]".formatted(this.userId, this.expiresAt);
	}

}
