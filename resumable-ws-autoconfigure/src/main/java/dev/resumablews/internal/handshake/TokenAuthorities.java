package dev.resumablews.internal.handshake;

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.HandshakeAuthenticationException;
import org.jspecify.annotations.Nullable;

import org.springframework.core.convert.converter.Converter;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.util.StringUtils;

/**
 * Determines the authorities of a token: those of the application's converter, or one
 * authority per scope, as in a Spring Security resource server. Thread-safe.
 */
final class TokenAuthorities {

	private static final String PREFIX = "SCOPE_";

	private static final List<String> CLAIMS = List.of("scope", "scp");

	private final @Nullable Converter<Jwt, ? extends AbstractAuthenticationToken> converter;

	/**
	 * Creates an instance.
	 * @param converter the application's converter; null if it has none
	 */
	TokenAuthorities(@Nullable Converter<Jwt, ? extends AbstractAuthenticationToken> converter) {
		this.converter = converter;
	}

	/**
	 * Adds the authorities of the token to its user.
	 * @throws HandshakeAuthenticationException if the application's converter rejects the
	 * token
	 */
	AuthenticatedUser addTo(AuthenticatedUser user, Jwt token) throws HandshakeAuthenticationException {
		if (this.converter == null) {
			return user.withAuthorities(scopes(token));
		}
		try {
			AbstractAuthenticationToken authentication = this.converter.convert(token);
			if (authentication != null) {
				return user.withAuthorities(AuthorityUtils.authorityListToSet(authentication.getAuthorities()))
					.withPrincipal(authentication);
			}
		}
		catch (AuthenticationException ex) {
			throw new HandshakeAuthenticationException("Token not accepted", ex);
		}
		throw new HandshakeAuthenticationException("Token not accepted");
	}

	private static Set<String> scopes(Jwt token) {
		Object claim = CLAIMS.stream().map(token.getClaims()::get).filter(Objects::nonNull).findFirst().orElse(null);
		Set<String> authorities = new LinkedHashSet<>();
		if (claim instanceof String text) {
			for (String scope : StringUtils.tokenizeToStringArray(text, " ")) {
				authorities.add(PREFIX + scope);
			}
		}
		else if (claim instanceof Collection<?> scopes) {
			scopes.stream().filter(String.class::isInstance).forEach((scope) -> authorities.add(PREFIX + scope));
		}
		return authorities;
	}

}
