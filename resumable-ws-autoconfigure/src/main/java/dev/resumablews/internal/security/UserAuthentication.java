package dev.resumablews.internal.security;

import dev.resumablews.AuthenticatedUser;

import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.authority.AuthorityUtils;

/**
 * Authentication of a user that Spring Security did not authenticate itself, for
 * authorization checks. The principal is the {@link AuthenticatedUser}.
 */
final class UserAuthentication extends AbstractAuthenticationToken {

	private static final long serialVersionUID = 1;

	private final transient AuthenticatedUser user;

	UserAuthentication(AuthenticatedUser user) {
		super(AuthorityUtils.createAuthorityList(user.authorities()));
		this.user = user;
		super.setAuthenticated(true);
	}

	@Override
	public String getName() {
		return this.user.userId();
	}

	@Override
	public Object getPrincipal() {
		return this.user;
	}

	/**
	 * Returns null, since the token is not kept.
	 */
	@Override
	public Object getCredentials() {
		return "";
	}

}
