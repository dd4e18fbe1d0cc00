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
 * Who a client is, and what it may do. Immutable, as long as the values of the claims and
 * the principal are not changed.
 * <p>
 * {@link #toString()} names the user and the expiry, nothing else, so that it can be
 * logged.
 *
 * @param userId the user's id: 1 to 255 UTF-16 units of well-formed text, not blank,
 * without control characters
 * @param expiresAt when the authentication ends and the connection is closed with
 * {@link CloseCode#UNAUTHORIZED}; null for never
 * @param tokenId what the user's login or token is known by, not blank, so that
 * {@link ResumableSessions#disconnectToken(String)} ends this login and no other; null if
 * it has no id
 * @param authorities what the user may do, such as {@code ROLE_ADMIN} or
 * {@code SCOPE_chat}, not to be changed; empty if nothing is known
 * @param claims what the token says about the user, by name, not to be changed; empty if
 * there is no token
 * @param principal the authentication of Spring Security or of the servlet container that
 * the user was taken from; null if there is none
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
	 * Creates a user of whom nothing but the login is known.
	 * @param userId the user's id
	 * @param expiresAt when the authentication ends; null for never
	 * @param tokenId what the login or token is known by; null if it has no id
	 */
	public AuthenticatedUser(String userId, @Nullable Instant expiresAt, @Nullable String tokenId) {
		this(userId, expiresAt, tokenId, Set.of(), Map.of(), null);
	}

	/**
	 * Creates a user whose login has no id.
	 * @param userId the user's id
	 * @param expiresAt when the authentication ends; null for never
	 */
	public AuthenticatedUser(String userId, @Nullable Instant expiresAt) {
		this(userId, expiresAt, null);
	}

	/**
	 * Returns this user with other authorities.
	 * @param authorities what the user may do
	 * @return the user
	 */
	public AuthenticatedUser withAuthorities(Collection<String> authorities) {
		return new AuthenticatedUser(this.userId, this.expiresAt, this.tokenId, new LinkedHashSet<>(authorities),
				this.claims, this.principal);
	}

	/**
	 * Returns this user with other claims.
	 * @param claims what the token says about the user, by name
	 * @return the user
	 */
	public AuthenticatedUser withClaims(Map<String, ?> claims) {
		return new AuthenticatedUser(this.userId, this.expiresAt, this.tokenId, this.authorities,
				new LinkedHashMap<>(claims), this.principal);
	}

	/**
	 * Returns this user with another principal.
	 * @param principal the authentication that the user was taken from; null for none
	 * @return the user
	 */
	public AuthenticatedUser withPrincipal(@Nullable Principal principal) {
		return new AuthenticatedUser(this.userId, this.expiresAt, this.tokenId, this.authorities, this.claims,
				principal);
	}

	/**
	 * Names the user and the expiry. Claims and principals may hold what is secret.
	 */
	@Override
	public String toString() {
		return "AuthenticatedUser[userId=%s, expiresAt=%s]".formatted(this.userId, this.expiresAt);
	}

}
