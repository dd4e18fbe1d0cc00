package dev.resumablews.internal.handshake;

import java.security.Principal;

import dev.resumablews.AuthenticatedUser;
import dev.resumablews.HandshakeAuthenticationException;
import dev.resumablews.HandshakeAuthenticator;

import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.security.authorization.AuthorizationManager;
import org.springframework.security.authorization.AuthorizationResult;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.authority.AuthorityUtils;
import org.springframework.security.web.access.intercept.RequestAuthorizationContext;

/**
 * Authenticates clients by the HTTP session of the page that connects. The id of the user
 * is the name of the principal. Thread-safe.
 */
final class PrincipalAuthenticator implements HandshakeAuthenticator {

	private final AuthorizationManager<RequestAuthorizationContext> authenticated;

	/**
	 * Creates an authenticator.
	 * @param authenticated decides whether a user is logged in, which may require more
	 * than one factor
	 */
	PrincipalAuthenticator(AuthorizationManager<RequestAuthorizationContext> authenticated) {
		this.authenticated = authenticated;
	}

	@Override
	public AuthenticatedUser authenticate(ServerHttpRequest request) throws HandshakeAuthenticationException {
		Principal principal = request.getPrincipal();
		if (principal == null || !isComplete(principal, request)) {
			throw new HandshakeAuthenticationException("Not logged in");
		}
		AuthenticatedUser user = user(principal, request).withPrincipal(principal);
		return (principal instanceof Authentication login)
				? user.withAuthorities(AuthorityUtils.authorityListToSet(login.getAuthorities())) : user;
	}

	private boolean isComplete(Principal principal, ServerHttpRequest request) {
		if (principal instanceof Authentication login && request instanceof ServletServerHttpRequest servlet) {
			AuthorizationResult result = this.authenticated.authorize(() -> login,
					new RequestAuthorizationContext(servlet.getServletRequest()));
			return result != null && result.isGranted();
		}
		return !(principal instanceof Authentication);
	}

	private static AuthenticatedUser user(Principal principal, ServerHttpRequest request)
			throws HandshakeAuthenticationException {
		try {
			return new AuthenticatedUser(principal.getName(), null, SessionLogin.tokenId(request));
		}
		catch (IllegalArgumentException ex) {
			throw new HandshakeAuthenticationException("The name of the user is not a valid user id", ex);
		}
	}

}
