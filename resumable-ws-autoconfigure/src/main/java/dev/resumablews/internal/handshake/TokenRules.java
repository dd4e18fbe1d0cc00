package dev.resumablews.internal.handshake;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.HandshakeAuthenticationException;
import org.jspecify.annotations.Nullable;

import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimNames;

/**
 * Rules for the claims of a token, in addition to its signature and validity. They apply
 * to the tokens of every decoder.
 *
 * @param userClaim the claim that holds the user's id
 * @param issuer the required issuer; null for any
 * @param audiences the audiences of which the token must name one; empty for any
 * @param requireExpiration whether the token must expire
 * @param maxAge age at which the token is no longer valid; null for any
 * @param clockSkew tolerance for the clocks of issuer and server
 */
record TokenRules(String userClaim, @Nullable String issuer, List<String> audiences, boolean requireExpiration,
		@Nullable Duration maxAge, Duration clockSkew) {

	private static final List<String> TOKEN_IDS = List.of("jti", "sid");

	TokenRules {
		audiences = List.copyOf(audiences);
	}

	/**
	 * Returns the user of a token.
	 * @param token a verified token
	 * @param now the current time
	 * @return the user, until the token expires or is too old
	 * @throws HandshakeAuthenticationException if the token breaks a rule
	 */
	AuthenticatedUser userOf(Jwt token, Instant now) throws HandshakeAuthenticationException {
		if (this.issuer != null && !this.issuer.equals(token.getClaimAsString(JwtClaimNames.ISS))) {
			throw new HandshakeAuthenticationException("Token is from another issuer");
		}
		List<String> audience = token.getAudience();
		if (!this.audiences.isEmpty() && (audience == null || Collections.disjoint(this.audiences, audience))) {
			throw new HandshakeAuthenticationException("Token is for another audience");
		}
		Instant expiresAt = expiresAt(token, now);
		if (token.getClaims().get(this.userClaim) instanceof String userId) {
			try {
				return new AuthenticatedUser(userId, expiresAt, tokenId(token));
			}
			catch (IllegalArgumentException ex) {
				throw new HandshakeAuthenticationException("Token has no user id", ex);
			}
		}
		throw new HandshakeAuthenticationException("Token has no user id");
	}

	private @Nullable Instant expiresAt(Jwt token, Instant now) throws HandshakeAuthenticationException {
		Instant expiresAt = token.getExpiresAt();
		if (expiresAt == null && this.requireExpiration) {
			throw new HandshakeAuthenticationException("Token does not expire");
		}
		if (this.maxAge == null) {
			return expiresAt;
		}
		Instant issuedAt = token.getIssuedAt();
		// Spring's decoder puts the second before the expiry in place of a missing one
		if (issuedAt == null || (expiresAt != null && issuedAt.equals(expiresAt.minusSeconds(1)))) {
			throw new HandshakeAuthenticationException("Token has no time of issue");
		}
		if (issuedAt.isAfter(now.plus(this.clockSkew))) {
			throw new HandshakeAuthenticationException("Token was issued in the future");
		}
		Instant oldAt = issuedAt.plus(this.maxAge);
		if (now.minus(this.clockSkew).isAfter(oldAt)) {
			throw new HandshakeAuthenticationException("Token is too old");
		}
		return (expiresAt == null || oldAt.isBefore(expiresAt)) ? oldAt : expiresAt;
	}

	/**
	 * Returns the id of the token, or of the login it belongs to if it has none.
	 */
	private static @Nullable String tokenId(Jwt jwt) {
		for (String claim : TOKEN_IDS) {
			if (jwt.getClaims().get(claim) instanceof String id && !id.isBlank()) {
				return id;
			}
		}
		return null;
	}

}
